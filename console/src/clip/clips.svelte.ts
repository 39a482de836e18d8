/** The clips of all operators, and what this operator does with them. */

import type { Api, Schema } from '../api/client.ts';
import { RequestFailed } from '../api/problem.ts';
import { browserTimers, type Timers } from './backoff.ts';
import type { Clip, ClipEdit, CutRequest } from './clip.ts';
import { Cuts } from './cuts.svelte.ts';
import { DeletedClips } from './deleted-clips.ts';
import { Editor } from './editor.ts';
import type { Conflict } from './edits.ts';
import type { Change } from './feed.ts';
import { FeedReader } from './feed-reader.svelte.ts';
import type { News, Work } from './news.ts';
import type { UnsentCut } from './outbox.ts';
import { persist } from './persist.ts';
import { type Polled, Poller } from './poller.ts';
import { ClipRequests } from './requests.ts';
import type { Row } from './row-state.ts';
import { Rows } from './rows.ts';
import { ConfirmationStep, DeletionStep, type StepActions } from './steps.ts';
import { Turns } from './turns.ts';
import type { UndoStack } from './undo.ts';

/** How long a reel is requested again before the operator is told, in ms. */
const REEL_MS = 15_000;

/** What the store needs. */
export interface ClipsOptions {
  readonly api: Api;
  readonly undo: UndoStack;
  /** The operator who is logged in. */
  operator(): string | undefined;
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly timers?: Timers;
}

export class Clips implements StepActions {
  /** The clips of the competition in every state, the newest first. */
  all = $state.raw<readonly Clip[]>([]);
  /** What is being done to which clip. */
  work = $state.raw<ReadonlyMap<string, Work>>(new Map());
  /** Edits that met somebody else's, by clip. */
  conflicts = $state.raw<ReadonlyMap<string, Conflict>>(new Map());
  /** Since when the service has not answered, in ms since 1970. */
  awaySince = $state<number>();
  /** When the service is asked next while it does not answer, in ms since 1970. */
  nextTry = $state<number>();
  /** Whether the first reply has come. */
  isLoaded = $state(false);
  hasOlder = $state(false);
  /** The competition that is shown and cut for. */
  competition = $state<string>();
  /** The key of the selected row. A new cut is selected, so that its title can be typed at once. */
  selected = $state<string>();
  /** The cuts that are not clips yet. */
  readonly cuts: Cuts;
  /** How long deleted clips stay. */
  readonly deleted: DeletedClips;
  /** The rows of the list: unsent cuts, then clips; the newest first. */
  readonly rows: readonly Row[] = $derived.by(() => [
    ...this.cuts.shown.map((cut) => ({ key: cut.key, cut })),
    ...this.all.map((clip) => this.#rows.rowOf(clip)),
  ]);

  /** The rows of suggestions that nobody is dismissing. */
  readonly suggestions: readonly Row[] = $derived(
    this.rows.filter(({ clip }) => clip?.status === 'suggested' && !this.#isDismissing(clip)),
  );

  #kept = $state.raw<readonly Clip[]>([]);
  /** The rows of the trash: deleted clips that can still be restored; the newest first. */
  readonly trash: readonly Row[] = $derived(this.#kept.map((clip) => this.#rows.rowOf(clip)));

  readonly #timers: Timers;
  readonly #undo: UndoStack;
  readonly #requests: ClipRequests;
  readonly #reader: FeedReader;
  readonly #editor: Editor;
  readonly #poller: Poller;
  readonly #listeners = new Set<(news: News) => void>();
  readonly #rows = new Rows();
  readonly #turns = new Turns();

  constructor(options: ClipsOptions) {
    this.#timers = options.timers ?? browserTimers;
    this.#undo = options.undo;
    this.#requests = new ClipRequests(options.api);
    this.#reader = new FeedReader(this.#requests, this.#timers);
    this.deleted = new DeletedClips(
      () => this.now(),
      () => this.clockError,
    );
    this.#editor = new Editor({
      send: (clip, fields) => this.#persist(() => this.#requests.edit(clip, fields)),
      known: (clip) => this.#reader.feed.get(clip),
      refresh: () => this.#poller.wake(),
      timers: this.#timers,
    });
    this.cuts = new Cuts({
      send: (cut) => this.#requests.cut(cut),
      arrived: (cut, clip) => this.#cutArrived(cut, clip),
      refused: (cut, problem) => this.#tell({ kind: 'cut-refused', cut, problem }),
      undo: options.undo,
      actions: this,
      operator: options.operator,
      storage: options.storage,
      timers: this.#timers,
    });
    this.#poller = new Poller({
      ask: (signal) => this.#poll(signal),
      answered: (failure) => this.#polled(failure),
      retryAfter: (failure) => (failure instanceof RequestFailed ? failure.retryAfter : undefined),
      intervals: { visible: 1_500, hidden: 5_000 },
      timers: this.#timers,
    });
  }

  /** Shows the clips of a competition, and sends what waits. Call it again after a new login. */
  start(competition: string): void {
    if (competition !== this.competition) {
      this.#poller.stop();
      this.#reader.open(competition);
      this.competition = competition;
      this.isLoaded = false;
      this.#sync();
    }
    this.#poller.start();
    this.cuts.wake();
  }

  stop(): void {
    this.#poller.stop();
  }

  /** Asks for changes and sends waiting cuts now. */
  wake(): void {
    this.#poller.wake();
    this.cuts.wake();
  }

  setVisible(isVisible: boolean): void {
    this.#poller.setVisible(isVisible);
  }

  /** Calls the listener for each piece of news. Returns the function that ends this. */
  onNews(listener: (news: News) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** How far the service's clock is ahead of this one, in ms. */
  get clockError(): number {
    return this.#reader.clockError;
  }

  /** Now on this clock, in ms since 1970. */
  now(): number {
    return this.#timers.now();
  }

  find(clip: string): Clip | undefined {
    return this.all.find((it) => it.clip === clip);
  }

  /** Cuts a clip. The cut is a row at once, and is sent until the service answers. */
  cut(request: CutRequest): UnsentCut {
    const competition = request.competition ?? this.competition ?? '';
    const cut = this.cuts.add({ ...request, competition });
    this.selected = cut.key;
    return cut;
  }

  /** Takes back a cut that has not been answered, or wants it again. False if it has arrived. */
  takeBack(key: string, isTakenBack: boolean): boolean {
    return this.cuts.takeBack(key, isTakenBack);
  }

  /** Keeps what is typed for a cut that has no clip yet. */
  editUnsent(cut: UnsentCut, fields: ClipEdit): void {
    if (this.cuts.edit(cut, fields)) return;
    const row = this.rows.find((it) => it.key === cut.key);
    if (row?.clip) void this.edit(row.clip, fields);
  }

  /** Makes one clip of several. Throws `RequestFailed`. The same key makes no second reel. */
  async makeReel(body: Schema<'ReelRequest'>, key: string): Promise<Clip | undefined> {
    const { competition } = this;
    if (!competition) return undefined;
    const send = () => this.#requests.makeReel(competition, body, key);
    const reel = await this.#persist(send, this.now() + REEL_MS);
    if (competition === this.competition) this.#put(reel);
    this.#poller.wake();
    return reel;
  }

  /** Deletes a clip. It can be undone for a while. */
  async remove(clip: Clip): Promise<void> {
    this.#undo.push(new DeletionStep(this, clip));
    await this.delete(clip);
  }

  /** Deletes a clip without a step to undo. */
  delete(clip: Clip): Promise<void> {
    return this.#do('deleting', clip, async () => {
      await this.#persist(() => this.#requests.delete(clip));
      this.deleted.add(clip);
      // The feed brings the deleted clip with its new `updatedAt`. Until then it is shown as such.
      const before = this.#reader.feed.get(clip.clip) ?? clip;
      const after = { ...before, status: 'deleting', active: false } as Clip;
      this.deleted.observe({ before, after });
      this.#reader.feed.show(after);
    });
  }

  /** Restores a deleted clip, as long as the service can. */
  restore(clip: Clip): Promise<void> {
    return this.#do('restoring', clip, async () => {
      const until = this.deleted.restoredUntil(clip);
      const restored = await this.#persist(() => this.#requests.restore(clip), until);
      this.deleted.remove(clip);
      this.#put(restored);
    });
  }

  /** Confirms a suggestion. It is a clip at once, and a suggestion again if the service refuses. */
  async confirm(clip: Clip): Promise<void> {
    const { feed } = this.#reader;
    const hasAired = Date.parse(clip.requested?.end ?? '') <= this.now() + this.clockError;
    const confirmed = { ...clip, status: hasAired ? 'queued' : 'scheduled' } as Clip;
    const step = new ConfirmationStep(this, clip);
    this.#undo.push(step);
    feed.show(confirmed);
    this.selected = this.#rows.rowOf(confirmed).key;
    this.#sync();
    await this.#do('confirming', clip, async () => {
      try {
        this.#put(await this.#persist(() => this.#requests.confirm(clip)));
      } catch (failure) {
        this.#undo.drop(step);
        if (feed.get(clip.clip) === confirmed) feed.show(clip);
        throw failure;
      }
    });
  }

  /** Retries a failed clip. */
  retry(clip: Clip): Promise<void> {
    return this.#do('retrying', clip, async () => {
      this.#put(await this.#persist(() => this.#requests.retry(clip)));
    });
  }

  /**
   * Changes fields of a clip. `shown` is the clip as the operator saw it when the edit began: if
   * somebody else has changed the same field since, the edit becomes a conflict to choose in.
   * Returns whether the fields were changed.
   */
  async edit(shown: Clip, fields: ClipEdit): Promise<boolean> {
    let isSaved = false;
    await this.#do('saving', shown, async () => {
      const edited = await this.#editor.edit(shown, fields);
      isSaved = !('fields' in edited);
      if ('fields' in edited) this.conflicts = new Map(this.conflicts).set(shown.clip, edited);
      else this.#put(edited);
    });
    return isSaved;
  }

  /** Ends a conflict: `mine` overwrites what the operator has been shown of `theirs`. */
  async resolve(clip: string, choice: 'mine' | 'theirs'): Promise<void> {
    const conflict = this.conflicts.get(clip);
    this.conflicts = without(this.conflicts, clip);
    if (conflict && choice === 'mine') await this.edit(conflict.theirs, conflict.mine);
  }

  /** Reads a clip that may be older than the list. Throws `RequestFailed` if there is none. */
  async read(clip: string): Promise<void> {
    const competition = this.competition;
    if (!competition || this.find(clip)) return;
    const read = await this.#requests.read(competition, clip);
    if (competition === this.competition) this.#put(read);
  }

  /** Loads clips that are older than the list. */
  async loadOlder(): Promise<void> {
    if (await this.#reader.readOlder()) this.#sync();
  }

  /** Undoes the last step: a mark, a cut or a deletion. */
  async undo(): Promise<void> {
    const step = await this.#undo.undo();
    if (step) this.#tell({ kind: 'undone', step });
  }

  async redo(): Promise<void> {
    const step = await this.#undo.redo();
    if (step) this.#tell({ kind: 'redone', step });
  }

  /** Does something to a clip, after what is already being done to it. */
  async #do(work: Work, clip: Clip, run: () => Promise<void>): Promise<void> {
    await this.#turns.run(clip.clip, async () => {
      this.work = new Map(this.work).set(clip.clip, work);
      try {
        await run();
      } catch (failure) {
        const problem = failure instanceof RequestFailed ? failure.problem : undefined;
        this.#tell({ kind: 'failed', work, clip, ...(problem && { problem }) });
      }
      this.work = without(this.work, clip.clip);
      this.#sync();
      this.#poller.wake();
    });
  }

  #persist<T>(send: () => Promise<T>, until?: number): Promise<T> {
    return persist(send, until, this.#timers);
  }

  #cutArrived(cut: UnsentCut, clip: Clip): void {
    this.#rows.keepKey(clip, cut.key);
    if (clip.competition === this.competition) this.#put(clip);
    if (cut.isTakenBack) void this.delete(clip);
    else if (cut.edit) void this.edit(clip, cut.edit);
    this.#poller.wake();
  }

  async #poll(signal: AbortSignal): Promise<Polled> {
    const { changes, isFirst, hasMore } = await this.#reader.read(signal);
    this.isLoaded = true;
    for (const change of changes) this.deleted.observe(change);
    this.#sync();
    if (!isFirst) this.#tellChanges(changes);
    return hasMore ? 'more' : 'done';
  }

  #polled(failure: unknown): void {
    this.nextTry = this.#poller.nextTry;
    // A session that has ended has a banner of its own.
    const isLoggedOut = failure instanceof RequestFailed && failure.problem?.status === 401;
    if (failure === undefined || isLoggedOut) {
      if (this.awaySince !== undefined) this.cuts.wake();
      this.awaySince = undefined;
    } else this.awaySince ??= this.#timers.now();
  }

  #put(clip: Clip): void {
    const changes = this.#reader.feed.put(clip);
    for (const change of changes) this.deleted.observe(change);
    this.#sync();
    this.#tellChanges(changes);
  }

  /** Shows the feed. A deleted clip stays in the lists for some seconds, and then in the trash. */
  #sync(): void {
    const known = this.#reader.feed.list();
    const clips = known.filter((clip) => this.#isShown(clip));
    if (!isSame(clips, this.all)) this.all = clips;
    const kept = known.filter((clip) => this.deleted.keptUntil(clip) > this.now());
    if (!isSame(kept, this.#kept)) this.#kept = kept;
    this.hasOlder = this.#reader.feed.older !== undefined;
  }

  #isDismissing({ clip }: Clip): boolean {
    return this.work.get(clip) === 'deleting';
  }

  #isShown(clip: Clip): boolean {
    const isListed = this.deleted.isListed(clip);
    const isGone = clip.status === 'deleting' && this.deleted.listedUntil(clip) <= this.now();
    if (isGone && this.deleted.keptUntil(clip) <= this.now()) this.#reader.feed.forget(clip.clip);
    return isListed;
  }

  #tellChanges(changes: readonly Change[]): void {
    for (const change of changes) this.#tell({ kind: 'changed', change });
  }

  #tell(news: News): void {
    for (const listener of this.#listeners) listener(news);
  }
}

function isSame(clips: readonly Clip[], others: readonly Clip[]): boolean {
  return clips.length === others.length && clips.every((it, index) => it === others[index]);
}

function without<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}
