/** Keeps the presigned URLs of parts, and requests new ones when they are missing or expired. */

import type { PartPage } from './service.ts';

/** A URL is renewed this long before it expires, because the clocks of two machines differ. */
const EXPIRY_MARGIN_MS = 60_000;

interface PartUrl {
  readonly url: string;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
}

/** The URLs of the parts of one file. */
export class PartUrls {
  readonly #urls = new Map<number, PartUrl>();
  readonly #listParts: (from: number) => Promise<PartPage>;
  readonly #now: () => number;
  #request: Promise<void> | undefined;

  constructor(listParts: (from: number) => Promise<PartPage>, now: () => number) {
    this.#listParts = listParts;
    this.#now = now;
  }

  /** Adds the URLs of a page. */
  add(page: PartPage): void {
    const expiresAt = Date.parse(page.expiresAt);
    for (const { partNumber, url } of page.parts) this.#urls.set(partNumber, { url, expiresAt });
  }

  /** A URL of a part that is still valid. Requests made at the same time share one reply. */
  async get(partNumber: number): Promise<string> {
    for (;;) {
      const known = this.#urls.get(partNumber);
      if (known && known.expiresAt - EXPIRY_MARGIN_MS > this.#now()) return known.url;
      if (this.#request) {
        await this.#request;
        continue;
      }
      const request = this.#listParts(partNumber).then((page) => this.add(page));
      this.#request = request;
      try {
        await request;
      } finally {
        this.#request = undefined;
      }
      const renewed = this.#urls.get(partNumber);
      if (!renewed) throw new Error(`the reply has no URL of part ${partNumber}`);
      return renewed.url;
    }
  }

  /** Forgets a URL that S3 refused, and all that expire at the same time. */
  forget(partNumber: number, url: string): void {
    const refused = this.#urls.get(partNumber);
    if (refused?.url !== url) return;
    for (const [number, { expiresAt }] of this.#urls)
      if (expiresAt === refused.expiresAt) this.#urls.delete(number);
  }
}
