/** Checks the uploads of a browser over reloads, in two tabs, and when they are canceled. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestFailed } from '../api/problem.ts';
import type { Put } from './put.ts';
import type { UploadRecord, UploadRecords } from './upload-records.ts';
import type { UploadRow, UploadState } from './upload-row.svelte.ts';
import { type Announcement, type Locks, Uploads } from './uploads.svelte.ts';

const SHARED = { competition: '100m', tags: [], isHeldBack: false };

class FakeRecords implements UploadRecords {
  readonly stored = new Map<string, UploadRecord>();
  list = async () => [...this.stored.values()];
  find = async (key: string) => this.stored.get(key);
  put = async (record: UploadRecord) => void this.stored.set(record.key, record);
  delete = async (key: string) => void this.stored.delete(key);
}

/** The locks of all tabs of a browser. */
class FakeLocks implements Locks {
  readonly held = new Map<string, Promise<unknown>>();

  async request<T>(
    name: string,
    { ifAvailable }: { ifAvailable?: boolean },
    task: (lock: object | null) => Promise<T>,
  ): Promise<T> {
    const holder = this.held.get(name);
    if (holder && ifAvailable) return task(null);
    if (holder) await holder.catch(() => {});
    const running = task({ name });
    this.held.set(name, running);
    await running.catch(() => {});
    if (this.held.get(name) === running) this.held.delete(name);
    return running;
  }
}

/** A browser: records and locks that all its tabs share, and an S3. */
class Browser {
  readonly records = new FakeRecords();
  readonly locks = new FakeLocks();
  readonly deleted: string[] = [];
  announced = 0;
  hanging = 0;
  operator = 'anna';
  send: Put = async () => '"etag"';

  /** A request to S3 that never ends by itself. */
  hang: Put = (_url, _headers, _body, _onProgress, signal) => {
    this.hanging++;
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  };

  /** Starts uploads in a tab, and closes the tab while they are being sent. */
  async interrupt(...announcements: Announcement[]): Promise<void> {
    this.send = this.hang;
    await this.tab().start(announcements, SHARED);
    await until(() => this.hanging === announcements.length, 'the files are not being sent');
    this.locks.held.clear();
    this.send = async () => '"etag"';
  }

  tab(): Uploads {
    return new Uploads({
      records: this.records,
      locks: this.locks,
      line: { waitToRetry: async () => {} },
      put: (...request) => this.send(...request),
      operator: () => this.operator,
      deleteClip: async ({ clip }) => void this.deleted.push(clip),
      service: (record, onClip) => ({
        announce: async () => {
          this.announced++;
          onClip({ competition: '100m', clip: `clip of ${record.file.name}` });
          return { url: 'https://s3', headers: {}, expiresAt: '2099-01-01T00:00:00Z' };
        },
        listParts: () => Promise.reject(new Error('there are no parts')),
        complete: () => Promise.reject(new Error('there are no parts')),
      }),
    });
  }
}

const fileOf = (name: string) => new File(['12345'], name, { lastModified: 1000 });
const details = { title: 'Final', at: 0 };
const announce = (...names: string[]) =>
  names.map((name) => ({ chosen: { file: fileOf(name) }, details }));
const start = (uploads: Uploads, ...names: string[]) => uploads.start(announce(...names), SHARED);

async function until(isTrue: () => boolean, message: string) {
  for (let turn = 0; turn < 100; turn++) {
    if (isTrue()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.fail(message);
}

const waitFor = (row: () => UploadRow | undefined, state: UploadState | 'gone') =>
  until(() => (row()?.state ?? 'gone') === state, `the upload is not ${state}`);

/** A handle that can be read after a reload, if the operator allows it. */
function handleOf(file: File, permission: { state: PermissionState }) {
  return {
    getFile: async () => file,
    queryPermission: async () => permission.state,
    requestPermission: async () => {
      permission.state = 'granted';
      return permission.state;
    },
  } as unknown as FileSystemFileHandle;
}

test('files are sent, and nothing of them is kept', async () => {
  const browser = new Browser();
  const uploads = browser.tab();
  await start(uploads, 'a.mov', 'b.mov');
  await waitFor(() => uploads.rows[0], 'sent');
  await waitFor(() => uploads.rows[1], 'sent');
  assert.deepEqual(
    uploads.rows.map((row) => row.file.name),
    ['a.mov', 'b.mov'],
  );
  assert.equal(uploads.rows[0]?.clip?.clip, 'clip of a.mov');
  assert.equal(browser.records.stored.size, 0);
  assert.equal(uploads.isActive, false);
});

test('an upload is active until it has arrived', async () => {
  const browser = new Browser();
  browser.send = browser.hang;
  const uploads = browser.tab();
  await start(uploads, 'a.mov');
  assert.equal(uploads.isActive, true);
  assert.equal(browser.records.stored.size, 1);
});

test('after a reload the row waits for its file, and goes on with the same key', async () => {
  const browser = new Browser();
  await browser.interrupt(...announce('a.mov', 'b.mov'));
  const keys = [...browser.records.stored.keys()];
  const uploads = browser.tab();
  await uploads.restore();
  assert.deepEqual(
    uploads.rows.map((row) => row.state),
    ['needs-file', 'needs-file'],
  );
  assert.equal(uploads.isActive, false);
  const others = await uploads.giveFiles([
    { file: fileOf('b.mov') },
    { file: new File(['other'], 'a.mov', { lastModified: 2000 }) },
  ]);
  assert.equal(others.length, 1);
  await waitFor(() => uploads.rows[1], 'sent');
  assert.equal(uploads.rows[1]?.key, keys[1]);
  assert.equal(uploads.rows[0]?.state, 'needs-file');
});

test('an upload with a readable handle goes on by itself', async () => {
  const browser = new Browser();
  const file = fileOf('a.mov');
  const permission = { state: 'granted' as PermissionState };
  const chosen = { file, handle: handleOf(file, permission) };
  await browser.interrupt({ chosen, details });
  const uploads = browser.tab();
  await uploads.restore();
  await waitFor(() => uploads.rows[0], 'sent');
});

test('a handle that needs a permission is read after a click', async () => {
  const browser = new Browser();
  const file = fileOf('a.mov');
  const permission = { state: 'prompt' as PermissionState };
  const chosen = { file, handle: handleOf(file, permission) };
  await browser.interrupt({ chosen, details });
  const uploads = browser.tab();
  await uploads.restore();
  const [row] = uploads.rows;
  assert.equal(row?.state, 'needs-permission');
  if (row) await uploads.readAgain(row);
  await waitFor(() => uploads.rows[0], 'sent');
});

test('a file that has changed behind its handle must be chosen again', async () => {
  const browser = new Browser();
  const changed = handleOf(new File(['123456'], 'a.mov', { lastModified: 1000 }), {
    state: 'granted',
  });
  const chosen = { file: fileOf('a.mov'), handle: changed };
  await browser.interrupt({ chosen, details });
  const uploads = browser.tab();
  await uploads.restore();
  assert.equal(uploads.rows[0]?.state, 'needs-file');
});

test('the uploads of another operator are not shown', async () => {
  const browser = new Browser();
  await browser.interrupt(...announce('a.mov'));
  browser.operator = 'ben';
  const uploads = browser.tab();
  await uploads.restore();
  assert.deepEqual(uploads.rows, []);
  browser.operator = 'anna';
  await uploads.restore();
  assert.equal(uploads.rows.length, 1);
});

test('a second tab waits for the first one', async () => {
  const browser = new Browser();
  browser.send = browser.hang;
  const first = browser.tab();
  await start(first, 'a.mov');
  const second = browser.tab();
  await second.restore();
  assert.equal(second.rows[0]?.state, 'elsewhere');
  assert.equal((await second.giveFiles([{ file: fileOf('a.mov') }])).length, 1);
  assert.equal(browser.announced, 1);
  const [row] = first.rows;
  if (row) await first.cancel(row);
  await waitFor(() => second.rows[0], 'gone');
});

test('a canceled upload is stopped, forgotten, and its clip deleted', async () => {
  const browser = new Browser();
  browser.send = browser.hang;
  const uploads = browser.tab();
  await start(uploads, 'a.mov');
  const [row] = uploads.rows;
  assert.ok(row);
  await waitFor(() => (row.clip ? row : undefined), 'sending');
  await uploads.cancel(row);
  assert.deepEqual(uploads.rows, []);
  assert.deepEqual(browser.deleted, ['clip of a.mov']);
  assert.equal(browser.records.stored.size, 0);
});

test('a refused upload shows its reason and can be tried again', async () => {
  const browser = new Browser();
  const problem = { type: 'urn:matchcut:problem:forbidden', title: '', status: 403, detail: 'no' };
  browser.send = () => Promise.reject(new RequestFailed(problem as never));
  const uploads = browser.tab();
  await start(uploads, 'a.mov');
  await waitFor(() => uploads.rows[0], 'failed');
  assert.ok(uploads.rows[0]?.failure instanceof RequestFailed);
  browser.send = async () => '"etag"';
  const [row] = uploads.rows;
  if (row) await uploads.retry(row);
  await waitFor(() => uploads.rows[0], 'sent');
});

test('uploads work without storage', async (context) => {
  context.mock.method(console, 'warn', () => {});
  const browser = new Browser();
  const fail = () => Promise.reject(new DOMException('', 'QuotaExceededError'));
  Object.assign(browser.records, { put: fail, delete: fail, list: fail });
  const uploads = browser.tab();
  await uploads.restore();
  await start(uploads, 'a.mov');
  await waitFor(() => uploads.rows[0], 'sent');
});
