/** The requests of the viewer's pages. They are public, and small enough to need no client. */

import type { Schema } from '../api/client.ts';
import { parseRetryAfter } from '../api/problem.ts';
import type { Clip } from './part.ts';

/** A page of the list of a competition. */
export type ClipPage = Schema<'ClipList'>;

/** A reply: its status, its data if it is a 200, and the ETag to ask with next time. */
export interface Reply<T> {
  readonly status: number;
  readonly data?: T;
  readonly etag?: string | undefined;
}

/** The parameters of a list. */
export interface ListQuery {
  readonly order?: 'newest' | 'oldest';
  readonly tag?: string | undefined;
  readonly limit?: number;
  readonly cursor?: string | undefined;
  /** Only clips that start before this time: RFC 3339. */
  readonly to?: string;
}

/** Requests a page of a list. With the ETag of an earlier reply, an unchanged page is a 304. */
export function requestPage(
  competition: string,
  query: ListQuery,
  etag?: string,
  signal?: AbortSignal,
): Promise<Reply<ClipPage>> {
  const entries = Object.entries(query).filter(([, value]) => value !== undefined);
  const parameters = new URLSearchParams(entries.map(([name, value]) => [name, String(value)]));
  const path = `/api/competitions/${competition}/clips?${parameters}`;
  // The first page has the newest clips. The browser may show an old copy of it for 12 s.
  return request(path, etag, signal, query.cursor ? 'default' : 'no-cache');
}

/** Requests one clip in any state. */
export function requestClip(
  { competition, clip }: Pick<Clip, 'competition' | 'clip'>,
  etag?: string,
  signal?: AbortSignal,
): Promise<Reply<Clip>> {
  return request(`/api/competitions/${competition}/clips/${clip}`, etag, signal);
}

/** A reply that cannot be used: the server failed, or a proxy answered instead. */
export class UnusableReply extends Error {
  constructor(
    readonly status: number,
    /** The `Retry-After` of the reply, in seconds. */
    readonly retryAfter?: number,
  ) {
    super(`the server answered ${status}`);
  }
}

async function request<T>(
  path: string,
  etag: string | undefined,
  signal: AbortSignal | undefined,
  cache: RequestCache = 'default',
): Promise<Reply<T>> {
  const response = await fetch(path, {
    cache,
    ...(etag && { headers: { 'if-none-match': etag } }),
    ...(signal && { signal }),
  });
  const { status } = response;
  if (status === 304 || status === 404 || status === 400 || status === 410) return { status, etag };
  if (status !== 200)
    throw new UnusableReply(status, parseRetryAfter(response.headers.get('retry-after')));
  const data = (await response.json()) as T;
  return { status, data, etag: response.headers.get('etag') ?? undefined };
}
