/** Keeps unfinished uploads in the browser, so that they go on after a reload. */

import type { FileIdentity, UploadRequest } from './upload-request.ts';

/** An upload that has not arrived yet. */
export interface UploadRecord {
  /** The `Idempotency-Key`: with the same body it finds the same clip again. */
  readonly key: string;
  /** Who uploads: only the same operator can go on. */
  readonly operator: string;
  readonly request: UploadRequest;
  readonly file: FileIdentity;
  /** Chromium can read the file again by this, if the operator allows it. */
  readonly handle?: FileSystemFileHandle | undefined;
  /** When the upload was started, in ms since 1970. */
  readonly startedAt: number;
}

/** A storage of records. */
export interface UploadRecords {
  /** All records, the oldest first. */
  list(): Promise<UploadRecord[]>;
  find(key: string): Promise<UploadRecord | undefined>;
  put(record: UploadRecord): Promise<void>;
  delete(key: string): Promise<void>;
}

const DATABASE = 'matchcut';
const STORE = 'uploads';

/** Records in IndexedDB, which can store file handles. */
export class StoredUploads implements UploadRecords {
  #database: Promise<IDBDatabase> | undefined;

  async list(): Promise<UploadRecord[]> {
    const records = await this.#run<UploadRecord[]>('readonly', (store) => store.getAll());
    return records.sort((one, other) => one.startedAt - other.startedAt);
  }

  find(key: string): Promise<UploadRecord | undefined> {
    return this.#run('readonly', (store) => store.get(key));
  }

  async put(record: UploadRecord): Promise<void> {
    await this.#run('readwrite', (store) => store.put(record));
  }

  async delete(key: string): Promise<void> {
    await this.#run('readwrite', (store) => store.delete(key));
  }

  async #run<T>(
    mode: IDBTransactionMode,
    request: (store: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> {
    this.#database ??= open();
    const transaction = (await this.#database).transaction(STORE, mode);
    return settle(request(transaction.objectStore(STORE)));
  }
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(STORE, { keyPath: 'key' });
  };
  return settle(request);
}

function settle<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
