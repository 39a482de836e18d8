/** The client of the HTTP API, typed by the contract. */

import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './contract.d.ts';
import { repeatThrottled } from './patience.ts';
import { type Problem, parseRetryAfter, RequestFailed } from './problem.ts';

/** A type of the contract by its name. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

/** The client of the API. */
export type Api = Client<paths>;

/** Who authorizes requests. */
export interface Authorizer {
  /** A valid access token, or nothing if nobody is logged in. */
  token(): Promise<string | undefined>;
  /** Another token after the API refused `token`, or nothing if there is none. */
  replace(token: string): Promise<string | undefined>;
}

/** Makes a client. A 429 is repeated. With an authorizer each request has a token, and a 401 is repeated once. */
export function createApi(authorizer?: Authorizer, fetcher: typeof fetch = fetch): Api {
  const patient = repeatThrottled(fetcher);
  return createClient<paths>({
    fetch: authorizer ? (request) => authorized(request, authorizer, patient) : patient,
  });
}

async function authorized(
  request: Request,
  by: Authorizer,
  fetcher: (request: Request) => Promise<Response>,
) {
  const token = await by.token();
  if (!token) return fetcher(request);
  const again = request.clone();
  const reply = await fetcher(withToken(request, token));
  if (reply.status !== 401) return reply;
  const other = await by.replace(token);
  return other ? fetcher(withToken(again, other)) : reply;
}

function withToken(request: Request, token: string): Request {
  request.headers.set('authorization', `Bearer ${token}`);
  return request;
}

/**
 * The data and the response of a request. Throws `RequestFailed` if the request was refused, or if
 * there was no reply. `unchanged` is 304 if the request had an `If-None-Match`; such a reply has no
 * data.
 */
export async function answer<T>(
  request: Promise<{ data?: T; error?: unknown; response: Response }>,
  unchanged?: 304,
): Promise<{ data: T; response: Response }> {
  let reply: Awaited<typeof request>;
  try {
    reply = await request;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new RequestFailed();
  }
  const { ok, status } = reply.response;
  if (ok || status === unchanged) return { data: reply.data as T, response: reply.response };
  const retryAfter = parseRetryAfter(reply.response.headers.get('retry-after'));
  throw new RequestFailed(asProblem(reply.error, reply.response), retryAfter);
}

/** A proxy or API Gateway itself may answer without a problem of ours. */
function asProblem(error: unknown, response: Response): Problem {
  if (typeof error === 'object' && error !== null && 'type' in error && 'detail' in error) {
    return error as Problem;
  }
  const type = { 401: 'unauthorized', 403: 'forbidden', 404: 'not-found' }[response.status];
  return {
    type: `urn:matchcut:problem:${type ?? 'unavailable'}`,
    title: response.statusText || 'Request failed',
    status: response.status,
    detail: `The server answered ${response.status}.`,
  } as Problem;
}
