/** The title and tags that are being written: of the next clip, or of the clip that was just cut. */

import type { Clips } from '../clip/clips.svelte.ts';
import type { UnsentCut } from '../clip/outbox.ts';
import type { Stretch } from './segment.ts';

/** The part of the clips store that a draft uses. */
export type DraftClips = Pick<Clips, 'rows' | 'edit' | 'editUnsent'>;

/** The clip that was just cut and has no title yet. */
interface Subject {
  readonly key: string;
  readonly window: Stretch;
}

export class Draft {
  title = $state('');
  #tags = $state.raw<readonly string[]>([]);
  #subject = $state.raw<Subject>();
  /** What is saved of the subject. */
  #saved = { title: '', tags: [] as readonly string[] };

  constructor(private readonly clips: DraftClips) {}

  get tags(): readonly string[] {
    return this.#tags;
  }

  /** The clip that the title is for; nothing if it is for the next one. A taken back cut is none. */
  get subject(): Subject | undefined {
    const subject = this.#subject;
    if (!subject) return undefined;
    const row = this.#rowOf(subject);
    return row && row.clip?.status !== 'deleting' ? subject : undefined;
  }

  /** Tags of a clip that was cut are saved at once. */
  setTags(tags: readonly string[]): void {
    this.#tags = tags;
    if (this.subject) this.save();
  }

  /** The fields of the next cut. What belongs to the last one is saved there. */
  takeForCut(): { title?: string; tags?: string[] } {
    if (this.subject) {
      this.save();
      this.release();
    }
    const fields = {
      ...(this.title.trim() && { title: this.title.trim() }),
      ...(this.#tags.length && { tags: [...this.#tags] }),
    };
    this.#clear();
    return fields;
  }

  /** After a cut without a title, what is typed next is that clip's title. */
  follow(cut: UnsentCut, window: Stretch): void {
    this.#saved = { title: cut.body.title ?? '', tags: cut.body.tags ?? [] };
    this.#subject = this.#saved.title ? undefined : { key: cut.key, window };
    if (this.#subject) this.#tags = this.#saved.tags;
  }

  /** Saves what was typed for the clip that was just cut. */
  save(): void {
    const { subject } = this;
    const title = this.title.trim();
    if (!subject) return;
    const changes = {
      ...(title !== this.#saved.title && { title }),
      ...(this.#tags.join() !== this.#saved.tags.join() && { tags: [...this.#tags] }),
    };
    if (!Object.keys(changes).length) return;
    this.#saved = { title, tags: this.#tags };
    const row = this.#rowOf(subject);
    if (row?.cut) this.clips.editUnsent(row.cut, changes);
    else if (row?.clip) void this.clips.edit(row.clip, changes);
  }

  /** From now on the title is for the next clip. */
  release(): void {
    this.#subject = undefined;
    this.#clear();
  }

  #clear(): void {
    this.title = '';
    this.#tags = [];
  }

  #rowOf(subject: Subject) {
    return this.clips.rows.find((it) => it.key === subject.key);
  }
}
