/** Sends one file to S3: in one request or in parts, with retries, and from where it stopped. */

import { type ProblemName, problemName, RequestFailed } from '../api/problem.ts';
import type { Line } from './line.ts';
import { PartUrls } from './part-urls.ts';
import { type Put, PutError } from './put.ts';
import { type PartPage, UploadError, type UploadService, type WholeFile } from './service.ts';
import type { Slots } from './slots.ts';

/** How often S3 may refuse fresh URLs of one part before the upload fails. */
const MAX_REFUSALS = 3;
/** How often parts are compared with S3's list and sent again if the API rejects them. */
const MAX_REJECTIONS = 2;

/** What a transfer works with. */
export interface TransferContext {
  readonly file: Blob;
  readonly service: UploadService;
  readonly put: Put;
  /** The slots for requests to S3, shared by all files. */
  readonly slots: Slots;
  /** How many parts of this file are sent at the same time, if there are free slots. */
  readonly workers: number;
  readonly line: Line;
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** Called with the bytes that S3 has, or that are on their way. */
  readonly onProgress: (sentBytes: number) => void;
  /** Called when a request has failed and will be sent again. Ends with the next progress. */
  readonly onLineLost: () => void;
  /** Called when the last byte was sent and the parts are joined. */
  readonly onJoining: () => void;
}

/**
 * Sends the file. Returns when the file has arrived.
 *
 * Failures that may pass (no reply, 429, 5xx, expired URLs) are retried as long as the upload
 * exists. Throws the reason of the signal if it is aborted, and `RequestFailed` or an `UploadError` if
 * the upload cannot go on.
 */
export async function sendFile(context: TransferContext, resumes: boolean): Promise<void> {
  const upload = await announce(context);
  if (!upload) return;
  try {
    if ('url' in upload) await sendWhole(context, upload);
    else await sendInParts(context, upload, resumes);
  } catch (error) {
    // S3 and the API say so if the file has arrived although the reply to an earlier try was lost.
    const isClosed =
      isProblem(error, 'upload-closed') || (error instanceof PutError && error.isUnknownUpload);
    if (!isClosed || (await announce(context))) throw error;
  }
}

function announce(context: TransferContext): Promise<WholeFile | PartPage | undefined> {
  return persist(context, () => context.service.announce(context.signal));
}

async function sendWhole(context: TransferContext, announced: WholeFile): Promise<void> {
  let upload: WholeFile | undefined = announced;
  for (let refusals = 0, failures = 0; upload; ) {
    const { url, headers } = upload;
    try {
      await putPart(context, url, headers, context.file, context.onProgress);
      return;
    } catch (error) {
      if (!(error instanceof PutError)) throw error;
      context.onLineLost();
      if (!error.isExpiredUrl) await context.line.waitToRetry(++failures, context.signal);
      else if (++refusals > MAX_REFUSALS) throw new UploadError('refused', error);
      const again = await announce(context);
      upload = again && 'url' in again ? again : undefined;
    }
  }
}

async function sendInParts(context: TransferContext, page: PartPage, resumes: boolean) {
  const { service, signal, file } = context;
  const urls = new PartUrls(
    (from) => persist(context, () => service.listParts(from, signal)),
    context.now,
  );
  urls.add(page);
  const sizeOf = (number: number) =>
    Math.min(page.partSize, file.size - (number - 1) * page.partSize);
  let etags = resumes ? await listReceived(context) : new Map<number, string>();
  for (let rejections = 0; ; ) {
    await sendMissingParts(context, page, urls, etags, sizeOf);
    context.onJoining();
    const parts = [...etags].map(([partNumber, etag]) => ({ partNumber, etag }));
    try {
      await persist(context, () => service.complete(parts, signal));
      return;
    } catch (error) {
      if (!isProblem(error, 'parts-rejected') || ++rejections > MAX_REJECTIONS) throw error;
      etags = await listReceived(context);
    }
  }
}

/** The ETags of the parts that S3 has, by number. */
async function listReceived(context: TransferContext): Promise<Map<number, string>> {
  const { service, signal } = context;
  const etags = new Map<number, string>();
  for (let from = 1; ; ) {
    const page = await persist(context, () => service.listParts(from, signal));
    for (const { partNumber, etag } of page.parts) if (etag) etags.set(partNumber, etag);
    const last = page.parts.at(-1);
    if (!page.next || !last) return etags;
    from = last.partNumber + 1;
  }
}

/** Sends every part that has no ETag, and adds the ETags. */
async function sendMissingParts(
  context: TransferContext,
  page: PartPage,
  urls: PartUrls,
  etags: Map<number, string>,
  sizeOf: (partNumber: number) => number,
): Promise<void> {
  const numbers = Array.from({ length: page.partCount }, (_, at) => at + 1);
  const missing = numbers.filter((number) => !etags.has(number));
  let received = [...etags.keys()].reduce((sum, number) => sum + sizeOf(number), 0);
  const onTheWay = new Map<number, number>();
  const report = () =>
    context.onProgress([...onTheWay.values()].reduce((sum, bytes) => sum + bytes, received));
  report();

  // If one part fails for good, the others stop.
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const work = async () => {
    for (let number = missing.shift(); number; number = missing.shift()) {
      const partNumber = number;
      const begin = (number - 1) * page.partSize;
      const body = context.file.slice(begin, begin + sizeOf(number));
      const etag = await sendPart({ ...context, signal }, urls, number, body, (sent) => {
        onTheWay.set(partNumber, sent);
        report();
      });
      etags.set(number, etag);
      onTheWay.delete(number);
      received += body.size;
      report();
    }
  };
  const workers = Array.from({ length: context.workers }, () =>
    work().catch((error: unknown) => {
      stop.abort(error);
      throw error;
    }),
  );
  const ended = await Promise.allSettled(workers);
  context.signal.throwIfAborted();
  if (stop.signal.aborted) throw stop.signal.reason;
  const failed = ended.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Sends one part and returns its ETag. */
async function sendPart(
  context: TransferContext,
  urls: PartUrls,
  number: number,
  body: Blob,
  onProgress: (sentBytes: number) => void,
): Promise<string> {
  for (let refusals = 0, failures = 0; ; ) {
    const url = await urls.get(number);
    try {
      return await putPart(context, url, {}, body, onProgress);
    } catch (error) {
      if (!(error instanceof PutError) || error.isUnknownUpload) throw error;
      onProgress(0);
      context.onLineLost();
      if (!error.isExpiredUrl) {
        await context.line.waitToRetry(++failures, context.signal);
        continue;
      }
      if (++refusals > MAX_REFUSALS) throw new UploadError('refused', error);
      urls.forget(number, url);
    }
  }
}

/** Sends one request to S3 when a slot is free. */
async function putPart(
  { slots, put, signal }: TransferContext,
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Blob,
  onProgress: (sentBytes: number) => void,
): Promise<string> {
  try {
    return await slots.run(() => put(url, headers, body, onProgress, signal), signal);
  } catch (error) {
    // A file that was changed or moved fails like a lost line, but no retry will help.
    if (error instanceof PutError && error.status === 0) await checkReadable(body);
    throw error;
  }
}

async function checkReadable(body: Blob): Promise<void> {
  try {
    await body.slice(0, 1).arrayBuffer();
  } catch (error) {
    throw new UploadError('file-changed', error);
  }
}

/** Sends a request to the API again until it succeeds or is refused. */
async function persist<T>(context: TransferContext, send: () => Promise<T>): Promise<T> {
  for (let failures = 0; ; ) {
    try {
      return await send();
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof RequestFailed) || !error.isTemporary) throw error;
      context.onLineLost();
      await context.line.waitToRetry(++failures, context.signal);
    }
  }
}

function isProblem(error: unknown, name: ProblemName): boolean {
  return error instanceof RequestFailed && !!error.problem && problemName(error.problem) === name;
}
