/** The uploads of this browser: starts them, goes on with them after a reload, and cancels them. */

import { SvelteMap } from 'svelte/reactivity';
import type { ChosenFile } from './chosen-files.ts';
import type { Line } from './line.ts';
import type { Put } from './put.ts';
import type { UploadService } from './service.ts';
import { Slots } from './slots.ts';
import { sendFile } from './transfer.ts';
import type { ClipPath } from './upload-api.ts';
import type { UploadRecord, UploadRecords } from './upload-records.ts';
import { type FileDetails, formatRequest, identify, type SharedDetails } from './upload-request.ts';
import { UploadRow } from './upload-row.svelte.ts';

/** Requests to S3 at the same time, over all files. Browsers open six connections to one host. */
const MAX_REQUESTS = 4;

/** The locks that the tabs of a browser share: `navigator.locks`. */
export interface Locks {
  /** Runs a task with the lock; with `ifAvailable` and without the lock if another tab has it. */
  request<T>(
    name: string,
    options: { ifAvailable?: boolean },
    task: (lock: object | null) => Promise<T>,
  ): Promise<T>;
}

/** What the uploads need. */
export interface UploadsOptions {
  readonly records: UploadRecords;
  readonly line: Line;
  readonly put: Put;
  readonly locks: Locks;
  /** The requests of one upload; `onClip` is called when the service has named its clip. */
  service(record: UploadRecord, onClip: (clip: ClipPath) => void): UploadService;
  /** Deletes the clip of a canceled upload. */
  deleteClip(clip: ClipPath): Promise<void>;
  /** The operator who is logged in. */
  operator(): string;
  now?(): number;
}

/** A file with the details that the operator gave. */
export interface Announcement {
  readonly chosen: ChosenFile;
  readonly details: FileDetails;
}

interface Running {
  readonly record: UploadRecord;
  readonly aborter: AbortController;
}

/** The reason of the abort of a canceled upload. */
const CANCELED = new Error('the operator canceled the upload');

export class Uploads {
  readonly #rows = new SvelteMap<string, UploadRow>();
  readonly #running = new Map<string, Running>();
  /** The files of this page, by the key of their upload. */
  readonly #files = new Map<string, File>();
  readonly #slots = new Slots(MAX_REQUESTS);
  readonly #now: () => number;
  #restoredFor: string | undefined;

  constructor(private readonly options: UploadsOptions) {
    this.#now = options.now ?? Date.now;
  }

  /** The uploads, the newest first. */
  get rows(): UploadRow[] {
    return [...this.#rows.values()].sort((one, other) => other.startedAt - one.startedAt);
  }

  /** Whether closing the page would interrupt an upload. */
  get isActive(): boolean {
    return [...this.#rows.values()].some((row) => row.isActive);
  }

  /** Starts to upload files. */
  async start(files: readonly Announcement[], shared: SharedDetails): Promise<void> {
    const now = this.#now();
    for (const [at, { chosen, details }] of files.entries()) {
      const record: UploadRecord = {
        key: crypto.randomUUID(),
        operator: this.options.operator(),
        request: formatRequest(chosen.file, details, shared),
        file: identify(chosen.file),
        handle: chosen.handle,
        // The first file stays above the others.
        startedAt: now - at,
      };
      this.#rows.set(record.key, new UploadRow(record));
      // The record is stored first: if the page is closed now, the upload is known.
      await this.options.records.put(record).catch(reportStorage);
      void this.#run(record, chosen.file, false);
    }
  }

  /** Shows the unfinished uploads of the operator, and goes on with those that can be read. */
  async restore(): Promise<void> {
    const operator = this.options.operator();
    if (this.#restoredFor === operator) return;
    this.#restoredFor = operator;
    const records = await this.options.records.list().catch(reportStorage);
    for (const record of records ?? []) {
      if (record.operator !== operator || this.#rows.has(record.key)) continue;
      const row = new UploadRow(record);
      this.#rows.set(record.key, row);
      await this.#goOnIfAllowed(record, row);
    }
  }

  /** Gives files to the uploads that wait for them. Returns the other files. */
  async giveFiles(files: readonly ChosenFile[]): Promise<ChosenFile[]> {
    const others: ChosenFile[] = [];
    for (const chosen of files) {
      const row = this.rows.find((it) => it.waitsFor(chosen.file));
      const record = row && (await this.#find(row));
      if (!row || !record) {
        others.push(chosen);
        continue;
      }
      const renewed = { ...record, handle: chosen.handle ?? record.handle };
      await this.options.records.put(renewed).catch(reportStorage);
      void this.#run(renewed, chosen.file, true);
    }
    return others;
  }

  /** Asks the browser for the file of a row. Call it in a click: the browser shows a question. */
  async readAgain(row: UploadRow): Promise<void> {
    const record = await this.#find(row);
    if (!record?.handle) return row.show('needs-file');
    const answer = await requestPermission(record.handle).catch(() => 'denied');
    const file = answer === 'granted' ? await readHandle(record) : undefined;
    if (file) void this.#run(record, file, true);
    else row.show('needs-file');
  }

  /** Tries a failed upload again. */
  async retry(row: UploadRow): Promise<void> {
    const record = this.#running.get(row.key)?.record ?? (await this.#find(row));
    if (!record) return this.#forget(row.key);
    const file = this.#files.get(row.key);
    if (file) void this.#run(record, file, true);
    else await this.#goOnIfAllowed(record, row);
  }

  /** Stops an upload and deletes its clip. */
  async cancel(row: UploadRow): Promise<void> {
    this.#running.get(row.key)?.aborter.abort(CANCELED);
    this.#forget(row.key);
    await this.options.records.delete(row.key).catch(reportStorage);
    if (row.clip) await this.options.deleteClip(row.clip);
  }

  /** Removes a row that needs nothing any more. */
  async dismiss(row: UploadRow): Promise<void> {
    this.#forget(row.key);
    await this.options.records.delete(row.key).catch(reportStorage);
  }

  async #run(record: UploadRecord, file: File, resumes: boolean): Promise<void> {
    const row = this.#rows.get(record.key);
    if (!row) return;
    this.#files.set(record.key, file);
    await this.#lock(record, async (isHeld) => {
      if (isHeld) await this.#send(record, row, file, resumes);
      else this.#waitForOtherTab(record, row);
    });
  }

  /** Runs a task while no other tab sends the file. If one does, the task gets `false` instead. */
  #lock<T>({ key }: UploadRecord, task: (isHeld: boolean) => Promise<T>): Promise<T> {
    return this.options.locks.request(lockOf(key), { ifAvailable: true }, (lock) =>
      task(lock !== null),
    );
  }

  async #send(record: UploadRecord, row: UploadRow, file: File, resumes: boolean): Promise<void> {
    const aborter = new AbortController();
    this.#running.set(record.key, { record, aborter });
    row.show('sending');
    try {
      await sendFile(
        {
          file,
          service: this.options.service(record, (clip) => {
            row.clip = clip;
          }),
          put: this.options.put,
          slots: this.#slots,
          workers: MAX_REQUESTS,
          line: this.options.line,
          signal: aborter.signal,
          now: this.#now,
          onProgress: (bytes) => row.showProgress(bytes, this.#now()),
          onLineLost: () => row.show('lost'),
          onJoining: () => row.show('joining'),
        },
        resumes,
      );
      row.sentBytes = row.file.size;
      row.show('sent');
      this.#files.delete(record.key);
      await this.options.records.delete(record.key).catch(reportStorage);
    } catch (failure) {
      if (failure !== CANCELED) row.fail(failure);
    } finally {
      this.#running.delete(record.key);
    }
  }

  /** Shows that another tab sends the file. When that tab is done or closed, looks again. */
  #waitForOtherTab(record: UploadRecord, row: UploadRow): void {
    row.show('elsewhere');
    void this.options.locks
      .request(lockOf(record.key), {}, async () => {})
      .then(async () => {
        const left = await this.options.records.find(record.key).catch(reportStorage);
        if (left) await this.#goOnIfAllowed(left, row);
        else this.#forget(record.key);
      });
  }

  async #goOnIfAllowed(record: UploadRecord, row: UploadRow): Promise<void> {
    if (!(await this.#lock(record, async (isHeld) => isHeld)))
      return this.#waitForOtherTab(record, row);
    if (!record.handle) return row.show('needs-file');
    const permission = await queryPermission(record.handle).catch(() => 'denied');
    const file = permission === 'granted' ? await readHandle(record) : undefined;
    if (file) void this.#run(record, file, true);
    else row.show(permission === 'prompt' ? 'needs-permission' : 'needs-file');
  }

  #find(row: UploadRow): Promise<UploadRecord | undefined> {
    return this.options.records.find(row.key).catch(reportStorage);
  }

  #forget(key: string): void {
    this.#rows.delete(key);
    this.#files.delete(key);
  }
}

/** The name of the lock of an upload, which the tab that sends the file holds. */
function lockOf(key: string): string {
  return `matchcut.upload.${key}`;
}

/** The file of a handle, if it is still the file of the record. */
async function readHandle({ handle, file }: UploadRecord): Promise<File | undefined> {
  const found = await handle?.getFile().catch(() => undefined);
  const isSame =
    found?.name === file.name &&
    found.size === file.size &&
    found.lastModified === file.lastModified;
  return isSame ? found : undefined;
}

/** The permissions of handles, which only Chromium has and TypeScript does not know. */
interface Permissions {
  queryPermission?(options: { mode: 'read' }): Promise<PermissionState>;
  requestPermission?(options: { mode: 'read' }): Promise<PermissionState>;
}

async function queryPermission(handle: FileSystemFileHandle): Promise<PermissionState> {
  return (handle as Permissions).queryPermission?.({ mode: 'read' }) ?? 'granted';
}

async function requestPermission(handle: FileSystemFileHandle): Promise<PermissionState> {
  return (handle as Permissions).requestPermission?.({ mode: 'read' }) ?? 'granted';
}

/** Without storage the upload works, but a reload loses it. */
function reportStorage(cause: unknown): undefined {
  console.warn('unfinished uploads could not be stored or read', cause);
  return undefined;
}
