/** Makes the uploads of the console from what the browser has. */

import { type Api, answer } from '../api/client.ts';
import type { Session } from '../api/session.svelte.ts';
import { browserLine } from './line.ts';
import { put } from './put.ts';
import { uploadService } from './upload-api.ts';
import { StoredUploads } from './upload-records.ts';
import { Uploads } from './uploads.svelte.ts';

/** The uploads of an operator. */
export function createUploads(api: Api, session: Session): Uploads {
  return new Uploads({
    records: new StoredUploads(),
    line: browserLine(window),
    put,
    locks: {
      request: async (name, options, task) => await navigator.locks.request(name, options, task),
    },
    operator: () => session.username,
    service: (record, onClip) => uploadService(api, record, onClip),
    async deleteClip({ competition, clip }) {
      const path = { competitionId: competition, clipId: clip };
      await answer(
        api.DELETE('/api/competitions/{competitionId}/clips/{clipId}', { params: { path } }),
      );
    },
  });
}
