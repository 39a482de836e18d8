/** Uploads, in German. */

import type { upload as en } from '../en/upload.ts';

export const upload = {} satisfies typeof en;
