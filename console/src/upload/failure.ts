/** Chooses the text for an upload that has failed. */

import { problemText, RequestFailed } from '../api/problem.ts';
import type { ConsoleMessages } from '../messages/console.svelte.ts';
import { PutError } from './put.ts';
import { UploadError } from './service.ts';

/** The reason of a failure in the operator's language. */
export function failureText(failure: unknown, t: ConsoleMessages): string {
  if (failure instanceof UploadError)
    return failure.reason === 'file-changed' ? t.upload.fileChanged : t.upload.refused;
  if (failure instanceof PutError && failure.isUnknownUpload) return t.upload.closed;
  if (failure instanceof RequestFailed && failure.problem)
    return problemText(failure.problem, t.problems);
  return t.upload.unknown;
}
