/** What every component of the viewer's pages can use. */

import { createContext } from 'svelte';
import type { Branding } from '../branding/branding.ts';
import type { Access } from './access.svelte.ts';
import type { Navigation } from './navigation.svelte.ts';
import type { Pictures } from './pictures.svelte.ts';

/** The parts of the viewer's pages that live as long as the page. */
export interface ViewerApp {
  readonly branding: Branding;
  readonly navigation: Navigation;
  readonly pictures: Pictures;
  /** The access to a competition. */
  access(competition: string): Access;
}

/** `useViewer()` in a component returns the parts; the page provides them. */
export const [useViewer, provideViewer] = createContext<ViewerApp>();
