/** Whether a retry of a failed clip can help. The runbook has the same table for engineers. */

import { type Clip, type FailureCode, MAX_ATTEMPTS } from './clip.ts';

/**
 * `retry`: the same step may succeed. `repair`: it fails again until somebody has removed the cause.
 * `never`: it fails again with the same reason.
 */
export type RetryOutlook = 'retry' | 'repair' | 'never';

const OUTLOOKS: Readonly<Record<FailureCode, RetryOutlook>> = {
  'not-aired': 'never',
  'window-unavailable': 'never',
  'window-expired': 'never',
  'harvest-refused': 'repair',
  'harvest-failed': 'retry',
  'asset-refused': 'repair',
  'ingest-failed': 'retry',
  'file-missing': 'never',
  'empty-file': 'never',
  'size-mismatch': 'never',
  'unreadable-file': 'never',
  'file-access-denied': 'repair',
  'probe-failed': 'retry',
  'no-video': 'never',
  'unsupported-codec': 'never',
  'too-long': 'never',
  'too-small': 'never',
  'truncated-file': 'never',
  'transcode-refused': 'repair',
  'transcode-failed': 'retry',
};

/** What a retry after a failure can do. A code of a newer service may be unknown. */
export function retryOutlook(code: FailureCode, source: Clip['source']): RetryOutlook {
  // The job of other clips, and of a file, may be accepted later. The clips of a reel stay the same, and
  // so does the media of a live clip, of which exact frames are made.
  if (code === 'transcode-refused' && source !== 'upload') return 'never';
  return OUTLOOKS[code] ?? 'retry';
}

/** Whether a retry of a clip is offered. */
export function canRetry({ status, attempt, failure, source }: Clip): boolean {
  if (status !== 'failed' || attempt >= MAX_ATTEMPTS) return false;
  return !failure || retryOutlook(failure.code, source) !== 'never';
}
