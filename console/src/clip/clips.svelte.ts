/** The clips of all operators, and what this operator does with them. */

import type { Api, Schema } from '../api/client.ts';
import { RequestFailed } from '../api/problem.ts';
import { browserTimers, type Timers } from './backoff.ts';
import type { Clip, ClipEdit, CutRequest } from './clip.ts';
import { DeletedClips } from './deleted-clips.ts';
import { Editor } from './editor.ts';
import type { Conflict } from './edits.ts';
import { FeedReader } from './feed-reader.svelte.ts';
import type { News, Work } from './news.ts';
import { Outbox, type UnsentCut } from './outbox.ts';
import { persist } from './persist.ts';
import { type Polled, Poller } from './poller.ts';
import { ClipRequests } from './requests.ts';
import type { Row } from './row-state.ts';
import { Rows } from './rows.ts';
import { CutStep, DeletionStep, type StepActions } from './steps.ts';
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
  /** The cuts that the service has not answered, the newest first. */
  unsent = $state.raw<readonly UnsentCut[]>([]);
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
  /** The rows of the list: unsent cuts, then clips; the newest first. */
  readonly rows: readonly Row[] = $derived([
    ...this.unsent.filter(isShownUnsent).map((cut) => ({ key: cut.key, cut })),
    ...this.all.map((clip) => this.#rows.rowOf(clip)),
  ]);

  #kept = $state.raw<readonly Clip[]>([]);
  /** The rows of the trash: deleted clips that can still be restored; the newest first. */
  readonly trash: readonly Row[] = $derived(this.#kept.map((clip) => this.#rows.rowOf(clip)));

  readonly #timers: Timers;
  readonly #undo: UndoStack;
  readonly #requests: ClipRequests;
  readonly #reader: FeedReader;
  readonly #editor: Editor;
  readonly #outbox: Outbox<Clip, CutRequest, ClipEdit>;
  readonly #poller: Poller;
  readonly #listeners = new Set<(news: News) => void>();
  readonly #rows = new Rows();
  readonly #deleted: DeletedClips;
  /** The undo step of a cut, by the cut's key. */
  readonly #cutSteps = new Map<string, CutStep>();
  readonly #turns = new Turns();

  constructor(options: ClipsOptions) {
    this.#timers = options.timers ?? browserTimers;
    this.#undo = options.undo;
    this.#requests = new ClipRequests(options.api);
    this.#reader = new FeedReader(this.#requests, this.#timers);
    this.#deleted = new DeletedClips(
      () => this.now(),
      () => this.clockError,
    );
    this.#editor = new Editor({
      send: (clip, fields) => this.#persist(() => this.#requests.edit(clip, fields)),
      known: (clip) => this.#reader.feed.get(clip),
      refresh: () => this.#poller.wake(),
      timers: this.#timers,
    });
    this.#outbox = new Outbox({
      send: (cut) => this.#requests.cut(cut),
      arrived: (cut, clip) => this.#cutArrived(cut, clip),
      refused: (cut) => this.#cutRefused(cut),
      changed: (cuts) => {
        this.unsent = cuts;
      },
      operator: options.operator,
      storage: options.storage,
      storageKey: 'matchcut.unsent-cuts',
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
    this.#outbox.wake();
  }

  stop(): void {
    this.#poller.stop();
  }

  /** Asks for changes and sends waiting cuts now. */
  wake(): void {
    this.#poller.wake();
    this.#outbox.wake();
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

  /** Until when the service keeps a deleted clip, in ms since 1970 on this clock. */
  keptUntil(clip: Clip): number {
    return this.#deleted.keptUntil(clip);
  }

  /** Until when a deleted clip stays in the lists, in ms since 1970 on this clock. */
  restorableUntil(clip: Clip): number {
    return this.#deleted.listedUntil(clip);
  }

  /** Cuts a clip. The cut is a row at once, and is sent until the service answers. */
  cut(request: CutRequest): UnsentCut {
    const competition = request.competition ?? this.competition ?? '';
    const cut = this.#outbox.add({ ...request, competition });
    this.#pushCutStep(cut);
    this.selected = cut.key;
    return cut;
  }

  /** Takes back a cut that has not been answered, or wants it again. False if it has arrived. */
  takeBack(key: string, isTakenBack: boolean): boolean {
    return this.#outbox.takeBack(key, isTakenBack);
  }

  /** Forgets a refused cut. */
  discard(cut: UnsentCut): void {
    this.#outbox.discard(cut.key);
  }

  /** Sends a refused cut again. */
  repeat(cut: UnsentCut): void {
    const repeated = this.#outbox.repeat(cut.key);
    if (repeated) this.#pushCutStep(repeated);
  }

  /** Keeps what is typed for a cut that has no clip yet. */
  editUnsent(cut: UnsentCut, fields: ClipEdit): void {
    if (this.#outbox.edit(cut.key, fields)) return;
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
      this.#deleted.add(clip);
      // The feed brings the deleted clip with its new `updatedAt`. Until then it is shown as such.
      const known = this.#reader.feed.get(clip.clip) ?? clip;
      this.#reader.feed.show({ ...known, status: 'deleting', active: false } as Clip);
    });
  }

  /** Restores a deleted clip, as long as the service can. */
  restore(clip: Clip): Promise<void> {
    return this.#do('restoring', clip, async () => {
      const until = this.#deleted.restoredUntil(clip);
      const restored = await this.#persist(() => this.#requests.restore(clip), until);
      this.#deleted.remove(clip);
      this.#put(restored);
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

  #pushCutStep(cut: UnsentCut): void {
    const step = new CutStep(this, cut);
    this.#cutSteps.set(cut.key, step);
    this.#undo.push(step);
  }

  #cutArrived(cut: UnsentCut, clip: Clip): void {
    this.#rows.keepKey(clip, cut.key);
    const step = this.#cutSteps.get(cut.key);
    if (step) step.clip = clip;
    this.#cutSteps.delete(cut.key);
    if (clip.competition === this.competition) this.#put(clip);
    if (cut.isTakenBack) void this.delete(clip);
    else if (cut.edit) void this.edit(clip, cut.edit);
    this.#poller.wake();
  }

  #cutRefused(cut: UnsentCut): void {
    const step = this.#cutSteps.get(cut.key);
    if (step) this.#undo.drop(step);
    this.#cutSteps.delete(cut.key);
    if (cut.problem) this.#tell({ kind: 'cut-refused', cut, problem: cut.problem });
  }

  async #poll(signal: AbortSignal): Promise<Polled> {
    const { changes, isFirst, hasMore } = await this.#reader.read(signal);
    this.isLoaded = true;
    this.#sync();
    if (!isFirst) for (const change of changes) this.#tell({ kind: 'changed', change });
    return hasMore ? 'more' : 'done';
  }

  #polled(failure: unknown): void {
    this.nextTry = this.#poller.nextTry;
    // A session that has ended has a banner of its own.
    const isLoggedOut = failure instanceof RequestFailed && failure.problem?.status === 401;
    if (failure === undefined || isLoggedOut) {
      if (this.awaySince !== undefined) this.#outbox.wake();
      this.awaySince = undefined;
    } else this.awaySince ??= this.#timers.now();
  }

  #put(clip: Clip): void {
    const changes = this.#reader.feed.put(clip);
    this.#sync();
    for (const change of changes) this.#tell({ kind: 'changed', change });
  }

  /** Shows the feed. A deleted clip stays in the lists for some seconds, and then in the trash. */
  #sync(): void {
    const known = this.#reader.feed.list();
    const clips = known.filter((clip) => this.#isShown(clip));
    if (!isSame(clips, this.all)) this.all = clips;
    const kept = known.filter((clip) => this.keptUntil(clip) > this.now());
    if (!isSame(kept, this.#kept)) this.#kept = kept;
    this.hasOlder = this.#reader.feed.older !== undefined;
  }

  #isShown(clip: Clip): boolean {
    const isGone = clip.status === 'deleting' && this.restorableUntil(clip) <= this.now();
    if (isGone && this.keptUntil(clip) <= this.now()) this.#reader.feed.forget(clip.clip);
    return !isGone;
  }

  #tell(news: News): void {
    for (const listener of this.#listeners) listener(news);
  }
}

function isSame(clips: readonly Clip[], others: readonly Clip[]): boolean {
  return clips.length === others.length && clips.every((it, index) => it === others[index]);
}

/** A cut that was taken back is shown only if the service does not answer. */
function isShownUnsent({ isTakenBack, failures }: UnsentCut): boolean {
  return !isTakenBack || failures > 0;
}

function without<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}
