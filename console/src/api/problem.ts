/** Problems of the API (RFC 9457), and how a message for people is chosen. */

import type { components } from './contract.d.ts';

/** Why a request was refused or failed. */
export type Problem = components['schemas']['Problem'];

/** The part of a problem's `type` that names it, such as `window-expired`. */
export type ProblemName = Problem['type'] extends `urn:matchcut:problem:${infer Name}`
  ? Name
  : never;

/** A request that was answered with a problem, or was not answered (`problem` is absent). */
export class RequestFailed extends Error {
  constructor(
    readonly problem?: Problem,
    /** The `Retry-After` of the reply, in seconds. */
    readonly retryAfter?: number,
  ) {
    super(problem?.detail ?? 'no reply');
    this.name = 'RequestFailed';
  }

  /** Whether repeating the same request can succeed. */
  get isTemporary(): boolean {
    const status: number | undefined = this.problem?.status;
    return status === undefined || status >= 500 || status === 429 || status === 401;
  }
}

/** The name of a problem, such as `window-expired`. */
export function problemName(problem: Problem): ProblemName {
  return problem.type.slice(problem.type.lastIndexOf(':') + 1) as ProblemName;
}

/** The text for a problem: that of its `type` in the operator's language, or else its `detail`. */
export function problemText(
  problem: Problem,
  texts: Partial<Record<string, string | ((problem: Problem) => string)>>,
): string {
  const text = texts[problemName(problem)];
  return (typeof text === 'function' ? text(problem) : text) ?? problem.detail;
}

/** The seconds of a `Retry-After` header, which is a number of seconds or a date. */
export function parseRetryAfter(value: string | null, now = Date.now()): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - now) / 1000);
}
