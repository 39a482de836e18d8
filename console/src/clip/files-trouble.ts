/** Says whether the job that makes the pictures and the MP4 of a clip has failed. */

import type { Clip } from './clip.ts';

/** What is wrong with the files of a clip. */
export interface FilesTrouble {
  /** How many jobs have failed. */
  readonly tries: number;
  /** Whether no further job is started. */
  readonly isFinal: boolean;
  /** When the next job may start, in ms since 1970. Absent if it runs, or if there is none. */
  readonly retryAt?: number;
  /** MediaConvert's reason, in English. */
  readonly reason?: string;
}

/** The trouble with the files of a clip. Nothing, if no job has failed since the last one succeeded. */
export function filesTrouble(clip: Clip): FilesTrouble | undefined {
  const files = clip.status === 'ready' && 'files' in clip ? clip.files : undefined;
  if (!files || files.failedTries === 0 || files.status === 'made') return undefined;
  const isFinal = files.status === 'failed';
  return {
    tries: files.failedTries,
    isFinal,
    ...(!isFinal && files.retryAt !== undefined && { retryAt: Date.parse(files.retryAt) }),
    ...(files.failure !== undefined && { reason: files.failure }),
  };
}
