/** Sends the requests of one upload to the API. */

import { type Api, answer } from '../api/client.ts';
import type { UploadService } from './service.ts';
import type { UploadRecord } from './upload-records.ts';

/** Which clip an upload makes. */
export interface ClipPath {
  readonly competition: string;
  readonly clip: string;
}

/** The requests of an upload. `onClip` is called each time the API has named its clip. */
export function uploadService(
  api: Api,
  { key, request }: Pick<UploadRecord, 'key' | 'request'>,
  onClip: (clip: ClipPath) => void,
): UploadService {
  let path = { competitionId: '', clipId: '' };
  return {
    async announce(signal) {
      const { data } = await answer(
        api.POST('/api/uploads', {
          params: { header: { 'Idempotency-Key': key } },
          body: request,
          signal,
        }),
      );
      path = { competitionId: data.competition, clipId: data.clip };
      onClip({ competition: data.competition, clip: data.clip });
      return data.upload;
    },
    async listParts(from, signal) {
      const params = { path, query: { from } };
      const { data } = await answer(
        api.GET('/api/uploads/{competitionId}/{clipId}/parts', { params, signal }),
      );
      return data;
    },
    async complete(parts, signal) {
      await answer(
        api.POST('/api/uploads/{competitionId}/{clipId}/complete', {
          params: { path },
          body: { parts: [...parts] },
          signal,
        }),
      );
    },
  };
}
