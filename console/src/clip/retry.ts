/** Whether a retry of a failed clip can help. The runbook has the same table for engineers. */

import { type Clip, type FailureCode, MAX_ATTEMPTS } from './clip.ts';

/**
 * `retry`: the same step may succeed. `repair`: it fails again until somebody has removed the cause.
 * `never`: it fails again with the same reason.
 */
export type RetryOutlook = 'retry' | 'repair' | 'never';

/** A code that is absent may be retried. */
const OUTLOOKS: Readonly<Partial<Record<FailureCode, RetryOutlook>>> = {
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
  'preview-first': 'never',
  'too-long': 'never',
  'too-small': 'never',
  'truncated-file': 'never',
  'transcode-refused': 'repair',
  'transcode-failed': 'retry',
};

/** The outlook of a retry after a failure. */
export function retryOutlook(code: FailureCode, source: Clip['source']): RetryOutlook {
  // The job of a file may be accepted once a role or a quota is repaired. The job of a reel, and that of
  // exact frames, is refused for the clips that it reads, which stay the same.
  if (code === 'transcode-refused' && source !== 'upload') return 'never';
  return OUTLOOKS[code] ?? 'retry';
}

/** Whether a retry of a clip is offered. */
export function canRetry({ status, attempt, failure, source }: Clip): boolean {
  if (status !== 'failed' || attempt >= MAX_ATTEMPTS) return false;
  return !failure || retryOutlook(failure.code, source) !== 'never';
}
