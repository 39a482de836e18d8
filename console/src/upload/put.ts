/** Sends bytes to a presigned URL. Only XMLHttpRequest reports upload progress in every browser. */

/** The time without any progress after which a request is given up. */
const STALL_MS = 60_000;

/** Sends a body with PUT and returns the ETag of the reply. */
export type Put = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Blob,
  onProgress: (sentBytes: number) => void,
  signal: AbortSignal,
) => Promise<string>;

/** A request that S3 refused, or that got no reply. */
export class PutError extends Error {
  constructor(
    /** The HTTP status, or 0 if there was no reply. */
    readonly status: number,
  ) {
    super(status ? `S3 replied with HTTP status ${status}` : 'S3 did not reply');
  }

  /**
   * Whether the URL may have expired.
   *
   * S3 replies 403 if the URL has expired, and 400 if the credentials that signed it have.
   */
  get isExpiredUrl(): boolean {
    return this.status === 403 || this.status === 400;
  }

  /** Whether S3 no longer has the multipart upload: it was completed, or it was abandoned. */
  get isUnknownUpload(): boolean {
    return this.status === 404;
  }
}

export const put: Put = (url, headers, body, onProgress, signal) =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    let stalled: ReturnType<typeof setTimeout>;
    const watch = () => {
      clearTimeout(stalled);
      stalled = setTimeout(() => request.abort(), STALL_MS);
    };
    const abort = () => request.abort();
    request.onloadend = () => {
      clearTimeout(stalled);
      signal.removeEventListener('abort', abort);
      const etag = request.getResponseHeader('etag');
      if (signal.aborted) reject(signal.reason);
      else if (request.status === 200 && etag) resolve(etag);
      else reject(new PutError(request.status));
    };
    request.upload.onprogress = (event) => {
      watch();
      onProgress(event.loaded);
    };
    signal.addEventListener('abort', abort, { once: true });
    request.open('PUT', url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    watch();
    request.send(body);
  });
