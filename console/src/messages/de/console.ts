/** The console in German. Each area of the screen has a file of its own. */

export { branding } from './branding.ts';
export { channel } from './channel.ts';
export { clip } from './clip.ts';
export { exporting } from './exporting.ts';
export { keys } from './keys.ts';
export { library } from './library.ts';
export { live } from './live.ts';
export { mark } from './mark.ts';
export { problems } from './problems.ts';
export { reel } from './reel.ts';
export { rule } from './rule.ts';
export { settings } from './settings.ts';
export { shell } from './shell.ts';
export { suggestion } from './suggestion.ts';
export { trim } from './trim.ts';
export { upload } from './upload.ts';
