/** What an upload needs from the API. */

/** Where to send a whole file. */
export interface WholeFile {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAt: string;
}

/** Where to send up to 100 parts of a file. */
export interface PartPage {
  readonly partSize: number;
  readonly partCount: number;
  readonly parts: readonly {
    readonly partNumber: number;
    readonly size: number;
    readonly url: string;
    readonly etag?: string | undefined;
  }[];
  readonly next?: string | undefined;
  readonly expiresAt: string;
}

/** A part that S3 has received. */
export interface ReceivedPart {
  readonly partNumber: number;
  readonly etag: string;
}

/** The requests of one upload. Each throws `RequestFailed` if it fails. */
export interface UploadService {
  /**
   * Creates the upload. If it exists, finds it again and presigns its URLs again.
   *
   * Returns nothing if the file has arrived already.
   */
  announce(signal: AbortSignal): Promise<WholeFile | PartPage | undefined>;
  /** Lists up to 100 parts, starting with one of them. */
  listParts(from: number, signal: AbortSignal): Promise<PartPage>;
  /** Joins the parts. */
  complete(parts: readonly ReceivedPart[], signal: AbortSignal): Promise<void>;
}

/** An upload that cannot go on. */
export class UploadError extends Error {
  constructor(
    /** `file-changed`: the file cannot be read any more. `refused`: S3 refuses valid URLs. */
    readonly reason: 'file-changed' | 'refused',
    cause?: unknown,
  ) {
    super(`the upload cannot go on: ${reason}`, { cause });
  }
}
