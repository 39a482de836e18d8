/** Checks transfers against an S3 and an API in memory, with a line that fails in every way. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Problem, type ProblemName, RequestFailed } from '../api/problem.ts';
import { type Put, PutError } from './put.ts';
import { type PartPage, UploadError, type UploadService } from './service.ts';
import { Slots } from './slots.ts';
import { sendFile, type TransferContext } from './transfer.ts';

const PART_SIZE = 10;
const PAGE = 3;
const HOUR = 3_600_000;

function refusal(status: number, name: ProblemName, detail: string): RequestFailed {
  const type = `urn:matchcut:problem:${name}`;
  return new RequestFailed({ type, title: name, status, detail } as Problem);
}

/** A part of a test's S3: what it does with the next requests. */
type Fault = (partNumber: number, body: Blob) => void | Promise<void>;

/** An API and an S3 in memory. */
class FakeService implements UploadService {
  /** The bytes of the received parts; part 0 is a whole file. */
  readonly received = new Map<number, string>();
  readonly calls: string[] = [];
  readonly states: string[] = [];
  now = 0;
  /** URLs of earlier generations have expired. */
  generation = 1;
  isComplete = false;
  faults: Fault[] = [];
  apiFaults: (Error | undefined)[] = [];
  mostAtOnce = 0;
  waits = 0;
  #running = 0;

  constructor(
    readonly file: Blob,
    readonly isWhole = false,
  ) {}

  async announce() {
    this.#call('announce');
    if (this.isComplete) return undefined;
    const expiresAt = new Date(this.now + HOUR).toISOString();
    const url = `0/${this.generation}`;
    return this.isWhole
      ? { url, headers: { 'content-type': 'video/mp4' }, expiresAt }
      : this.#page(1);
  }

  async listParts(from: number) {
    this.#call(`list ${from}`);
    return this.#page(from);
  }

  async complete(parts: readonly { partNumber: number; etag: string }[]) {
    this.#call('complete');
    const missing = parts.some(({ partNumber, etag }) => etag !== this.#etag(partNumber));
    if (missing || parts.length !== this.#count) throw refusal(422, 'parts-rejected', '');
    this.isComplete = true;
  }

  put: Put = async (url, _headers, body, onProgress, signal) => {
    const [number, generation] = url.split('/').map(Number) as [number, number];
    this.calls.push(`put ${number}`);
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#running);
    try {
      onProgress(body.size / 2);
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      await this.faults.shift()?.(number, body);
      if (generation < this.generation) throw new PutError(403);
      onProgress(body.size);
      this.received.set(number, await body.text());
      if (number === 0) this.isComplete = true;
      return this.#etag(number);
    } finally {
      this.#running--;
    }
  };

  get #count() {
    return Math.ceil(this.file.size / PART_SIZE);
  }

  #call(name: string) {
    this.calls.push(name);
    const fault = this.apiFaults.shift();
    if (fault) throw fault;
  }

  #etag(number: number): string {
    const bytes = this.received.get(number);
    return bytes === undefined ? '' : `"${bytes}"`;
  }

  #page(from: number): PartPage {
    const numbers = Array.from({ length: this.#count }, (_, at) => at + 1);
    const page = numbers.slice(from - 1, from - 1 + PAGE);
    return {
      partSize: PART_SIZE,
      partCount: this.#count,
      parts: page.map((partNumber) => ({
        partNumber,
        size: PART_SIZE,
        url: `${partNumber}/${this.generation}`,
        etag: this.#etag(partNumber) || undefined,
      })),
      next: from + PAGE <= this.#count ? 'more' : undefined,
      expiresAt: new Date(this.now + HOUR).toISOString(),
    };
  }

  context(changes: Partial<TransferContext> = {}): TransferContext & { progress: number[] } {
    const progress: number[] = [];
    return {
      file: this.file,
      service: this,
      put: this.put,
      slots: new Slots(4),
      workers: 4,
      line: { waitToRetry: async () => void this.waits++ },
      signal: new AbortController().signal,
      now: () => this.now,
      onProgress: (bytes) => void progress.push(bytes),
      onLineLost: () => void this.states.push('lost'),
      onJoining: () => void this.states.push('joining'),
      ...changes,
      progress,
    };
  }

  count(call: string): number {
    return this.calls.filter((made) => made.startsWith(call)).length;
  }

  assertArrived() {
    const bytes = [...this.received.entries()].sort(([one], [other]) => one - other);
    assert.equal(bytes.map(([, part]) => part).join(''), CONTENT.slice(0, this.file.size));
    assert.ok(this.isComplete, 'the upload was not completed');
  }
}

const CONTENT = Array.from({ length: 400 }, (_, at) => String.fromCharCode(33 + (at % 90))).join(
  '',
);
const fileOf = (size: number) => new Blob([CONTENT.slice(0, size)]);

test('a file in parts arrives, at most four parts at the same time', async () => {
  const service = new FakeService(fileOf(95));
  const context = service.context();
  await sendFile(context, false);
  service.assertArrived();
  assert.equal(service.mostAtOnce, 4);
  assert.equal(service.count('put'), 10);
  assert.equal(context.progress.at(-1), 95);
  assert.deepEqual(service.states, ['joining']);
});

test('two files together have at most four requests', async () => {
  const [one, other] = [new FakeService(fileOf(95)), new FakeService(fileOf(75))];
  const slots = new Slots(4);
  let running = 0;
  let most = 0;
  const counted =
    (put: Put): Put =>
    async (...request) => {
      most = Math.max(most, ++running);
      return put(...request).finally(() => running--);
    };
  await Promise.all([
    sendFile(one.context({ slots, put: counted(one.put) }), false),
    sendFile(other.context({ slots, put: counted(other.put) }), false),
  ]);
  one.assertArrived();
  other.assertArrived();
  assert.equal(most, 4);
});

test('a small file is sent with one request', async () => {
  const service = new FakeService(fileOf(50), true);
  const context = service.context();
  await sendFile(context, false);
  service.assertArrived();
  assert.deepEqual(service.calls, ['announce', 'put 0']);
  assert.equal(context.progress.at(-1), 50);
});

test('parts that get no reply are sent again, and the progress goes back', async () => {
  const service = new FakeService(fileOf(40));
  const lose = () => {
    throw new PutError(0);
  };
  service.faults = [lose, lose, lose];
  const context = service.context();
  await sendFile(context, false);
  service.assertArrived();
  assert.equal(service.waits, 3);
  assert.ok(service.states.includes('lost'));
  assert.ok(context.progress.every((bytes) => bytes <= 40));
});

test('a resumed upload sends only the parts that S3 lacks', async () => {
  const service = new FakeService(fileOf(95));
  for (const number of [1, 2, 5, 10])
    service.received.set(number, CONTENT.slice((number - 1) * 10, Math.min(95, number * 10)));
  const context = service.context();
  await sendFile(context, true);
  service.assertArrived();
  assert.equal(service.count('put'), 6);
  assert.equal(context.progress[0], 35);
  assert.equal(context.progress.at(-1), 95);
});

test('a resumed upload with all parts is only completed', async () => {
  const service = new FakeService(fileOf(20));
  service.received.set(1, CONTENT.slice(0, 10)).set(2, CONTENT.slice(10, 20));
  await sendFile(service.context(), true);
  assert.equal(service.count('put'), 0);
  service.assertArrived();
});

test('URLs that S3 refuses are renewed once for all parts', async () => {
  const service = new FakeService(fileOf(30));
  service.faults = [() => void service.generation++];
  await sendFile(service.context(), false);
  service.assertArrived();
  assert.equal(service.count('list'), 1);
});

test('URLs are renewed before they expire', async () => {
  const service = new FakeService(fileOf(95));
  service.faults = [
    () => {
      service.now += HOUR;
    },
  ];
  await sendFile(service.context(), false);
  service.assertArrived();
  assert.equal(service.waits, 0);
  assert.ok(service.count('list') > 2, service.calls.join());
});

test('an expired URL of a whole file is presigned again', async () => {
  const service = new FakeService(fileOf(50), true);
  service.faults = [() => void service.generation++];
  await sendFile(service.context(), false);
  service.assertArrived();
  assert.deepEqual(service.calls, ['announce', 'put 0', 'announce', 'put 0']);
});

test('an upload fails if S3 refuses fresh URLs again and again', async () => {
  const refuse = () => {
    throw new PutError(403);
  };
  for (const isWhole of [true, false]) {
    const service = new FakeService(fileOf(10), isWhole);
    service.faults = Array(9).fill(refuse);
    await assert.rejects(
      sendFile(service.context(), false),
      (error) => error instanceof UploadError && error.reason === 'refused',
    );
    assert.equal(service.count('put'), 4);
  }
});

test('the API is asked again while it is away', async () => {
  const service = new FakeService(fileOf(15));
  const away = () => refusal(503, 'unavailable', '');
  service.apiFaults = [new RequestFailed(), away(), undefined, away()];
  await sendFile(service.context(), false);
  service.assertArrived();
  assert.equal(service.waits, 3);
});

test('a refusal of the API ends the upload with its message', async () => {
  const service = new FakeService(fileOf(15));
  service.apiFaults = [refusal(400, 'invalid-field', 'A file name must not contain slashes.')];
  await assert.rejects(sendFile(service.context(), false), /must not contain slashes/);
});

test('parts that the API rejects are compared with the list of S3 and sent again', async () => {
  const service = new FakeService(fileOf(35));
  service.apiFaults = [undefined, undefined, refusal(422, 'parts-rejected', '')];
  const complete = service.complete.bind(service);
  service.complete = async (parts) => {
    if (service.count('complete') === 0) service.received.delete(2);
    return complete(parts);
  };
  await sendFile(service.context(), false);
  service.assertArrived();
  assert.equal(service.count('put 2'), 2);
  assert.equal(service.count('put 3'), 1);
});

test('an upload whose last reply was lost has arrived', async () => {
  const inParts = new FakeService(fileOf(15));
  const complete = inParts.complete.bind(inParts);
  inParts.complete = async (parts) => {
    if (inParts.isComplete) throw refusal(409, 'upload-closed', '');
    await complete(parts);
    throw new RequestFailed();
  };
  await sendFile(inParts.context(), false);
  inParts.assertArrived();

  const whole = new FakeService(fileOf(15), true);
  whole.faults = [
    async (_number, body) => {
      whole.received.set(0, await body.text());
      whole.isComplete = true;
      throw new PutError(0);
    },
  ];
  await sendFile(whole.context(), false);
  whole.assertArrived();
  assert.equal(whole.count('put'), 1);
});

test('a part of an upload that S3 no longer knows ends the upload', async () => {
  const service = new FakeService(fileOf(35));
  service.faults = [
    () => {
      throw new PutError(404);
    },
  ];
  await assert.rejects(
    sendFile(service.context(), false),
    (error) => error instanceof PutError && error.isUnknownUpload,
  );
});

test('a file that was changed on the disk is not tried again', async () => {
  const service = new FakeService(fileOf(15), true);
  service.faults = [
    (_number, body) => {
      body.slice = () => ({ arrayBuffer: () => Promise.reject(new Error('NotReadable')) }) as never;
      throw new PutError(0);
    },
  ];
  await assert.rejects(
    sendFile(service.context(), false),
    (error) => error instanceof UploadError && error.reason === 'file-changed',
  );
  assert.equal(service.waits, 0);
});

test('a canceled upload stops at once, also while it waits', async () => {
  const aborter = new AbortController();
  const service = new FakeService(fileOf(95));
  service.faults = [() => aborter.abort(new Error('canceled'))];
  await assert.rejects(sendFile(service.context({ signal: aborter.signal }), false), /canceled/);
  assert.ok(service.count('put') <= 4, service.calls.join());
  assert.ok(!service.isComplete);

  const other = new FakeService(fileOf(15));
  other.apiFaults = [refusal(503, 'unavailable', '')];
  const stop = new AbortController();
  const line = { waitToRetry: async () => stop.signal.throwIfAborted() };
  stop.abort(new Error('canceled'));
  await assert.rejects(sendFile(other.context({ line, signal: stop.signal }), false), /canceled/);
});
