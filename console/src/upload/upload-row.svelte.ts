/** The state of one upload, as its row on the screen shows it. */

import { Speed } from './speed.ts';
import type { ClipPath } from './upload-api.ts';
import type { UploadRecord } from './upload-records.ts';
import { type FileIdentity, isSameFile } from './upload-request.ts';

/**
 * - `sending`: bytes are sent, or wait for a free slot
 * - `lost`: the line is lost; the upload tries again by itself
 * - `joining`: every byte was sent; the service joins the parts
 * - `sent`: the file has arrived, and its clip goes on by itself
 * - `needs-file`: the page was reloaded; the operator must choose the file again
 * - `needs-permission`: the same, but the browser only needs a click to read the file
 * - `elsewhere`: another tab of this browser sends the file
 * - `failed`: the upload cannot go on
 */
export type UploadState =
  | 'sending'
  | 'lost'
  | 'joining'
  | 'sent'
  | 'needs-file'
  | 'needs-permission'
  | 'elsewhere'
  | 'failed';

/** One upload. */
export class UploadRow {
  readonly key: string;
  readonly file: FileIdentity;
  readonly title: string;
  readonly startedAt: number;
  state = $state<UploadState>('sending');
  sentBytes = $state(0);
  /** Bytes per second; absent until it is known. */
  bytesPerSecond = $state<number>();
  secondsLeft = $state<number>();
  /** Why the upload failed. */
  failure = $state.raw<unknown>();
  /** The clip, once the service has named it. */
  clip = $state.raw<ClipPath>();
  readonly #speed = new Speed();

  constructor(record: UploadRecord) {
    this.key = record.key;
    this.file = record.file;
    this.title = record.request.title || record.file.name;
    this.startedAt = record.startedAt;
  }

  /** Whether bytes of this page are on their way, so that closing the page interrupts them. */
  get isActive(): boolean {
    return this.state === 'sending' || this.state === 'lost' || this.state === 'joining';
  }

  /** Whether the upload goes on only if the operator gives the file, or tries again. */
  get needsOperator(): boolean {
    return this.#waits || this.state === 'failed';
  }

  /** Whether the row waits for this file. */
  waitsFor(file: FileIdentity): boolean {
    return this.#waits && isSameFile(this.file, file);
  }

  get #waits(): boolean {
    return this.state === 'needs-file' || this.state === 'needs-permission';
  }

  showProgress(bytes: number, now: number): void {
    this.state = 'sending';
    this.sentBytes = bytes;
    this.#speed.record(bytes, now);
    this.bytesPerSecond = this.#speed.bytesPerSecond(now);
    this.secondsLeft = this.#speed.secondsLeft(this.file.size - bytes, now);
  }

  /** Shows another state. The speed is measured anew when bytes move again. */
  show(state: UploadState): void {
    this.state = state;
    this.#speed.reset();
    this.bytesPerSecond = undefined;
    this.secondsLeft = undefined;
  }

  fail(failure: unknown): void {
    this.failure = failure;
    this.show('failed');
  }
}
