/** The requests about clips. Each one is given up after some seconds without a reply. */

import { type Api, answer, type Schema } from '../api/client.ts';
import { type Clip, type ClipEdit, queueOf } from './clip.ts';
import type { ChangePage } from './feed.ts';
import type { UnsentCut } from './outbox.ts';

/** How long a request may take, in ms. */
const REQUEST_MS = 10_000;
/** Most clips of a reply of the feed. */
const PAGE = 100;

const CLIP = '/api/competitions/{competitionId}/clips/{clipId}';
/** The same clip for operators: from no cache. */
const FOLLOWED = '/api/competitions/{competitionId}/changes/{clipId}';
const REELS = '/api/competitions/{competitionId}/reels';

/** What the service is asked about clips. All throw `RequestFailed`. */
export class ClipRequests {
  constructor(private readonly api: Api) {}

  /** The changes since a cursor, or the newest clips. `date` is the service's clock, if it is known. */
  async readChanges(
    competition: string,
    cursor?: string,
    signal?: AbortSignal,
  ): Promise<{ page: ChangePage; date: number }> {
    const { data, response } = await answer(
      this.api.GET('/api/competitions/{competitionId}/changes', {
        params: {
          path: { competitionId: competition },
          query: { ...(cursor && { cursor }), limit: PAGE },
        },
        signal: signal ? AbortSignal.any([signal, timeout()]) : timeout(),
      }),
    );
    return { page: data, date: Date.parse(response.headers.get('date') ?? '') };
  }

  async cut({ key, body }: UnsentCut): Promise<Clip> {
    const params = { header: { 'Idempotency-Key': key } };
    const { data } = await answer(this.api.POST('/api/clip', { params, body, signal: timeout() }));
    return data;
  }

  async makeReel(competition: string, body: Schema<'ReelRequest'>, key: string): Promise<Clip> {
    const params = { path: { competitionId: competition }, header: { 'Idempotency-Key': key } };
    return (await answer(this.api.POST(REELS, { params, body, signal: timeout() }))).data;
  }

  async delete(clip: Clip): Promise<void> {
    await answer(this.api.DELETE(CLIP, { params: pathOf(clip), signal: timeout() }));
  }

  async restore(clip: Clip): Promise<Clip> {
    const options = { params: pathOf(clip), signal: timeout() };
    return (await answer(this.api.POST(`${CLIP}/restore`, options))).data;
  }

  /** Makes a clip of a suggestion. A repetition does nothing more. */
  async confirm(clip: Clip): Promise<Clip> {
    const options = { params: pathOf(clip), signal: timeout() };
    return (await answer(this.api.POST(`${CLIP}/confirm`, options))).data;
  }

  async retry(clip: Clip): Promise<Clip> {
    const options = { params: pathOf(clip), signal: timeout() };
    return (await answer(this.api.POST(`${CLIP}/retry`, options))).data;
  }

  /** Changes fields, if nobody has edited the clip since this version of it. */
  async edit(clip: Clip, fields: ClipEdit): Promise<Clip> {
    const params = { ...pathOf(clip), header: { 'If-Match': clip.etag ?? '' } };
    const options = { params, body: fields, signal: timeout() };
    return (await answer(this.api.PATCH(CLIP, options))).data;
  }

  /** One clip as it is now. */
  async read(competition: string, clip: string): Promise<Clip> {
    const path = { competitionId: competition, clipId: clip };
    const { data } = await answer(this.api.GET(FOLLOWED, { params: { path }, signal: timeout() }));
    return data;
  }

  /** The place of a clip in the harvest queue, if it still waits there. */
  async readQueuePosition(clip: Clip): Promise<number | undefined> {
    const options = { params: pathOf(clip), signal: timeout() };
    const { data } = await answer(this.api.GET(FOLLOWED, options));
    return queueOf(data)?.position;
  }
}

function pathOf(clip: Clip): { path: { competitionId: string; clipId: string } } {
  return { path: { competitionId: clip.competition, clipId: clip.clip } };
}

function timeout(): AbortSignal {
  return AbortSignal.timeout(REQUEST_MS);
}
