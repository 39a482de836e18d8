/**
 * Uploads the pages of a deployment, after `make deploy` has deployed the stacks.
 *
 * Nothing is invalidated in CloudFront: a file whose name has a hash never changes, and caches keep all
 * others for a minute.
 */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';

import { readPageHeaders } from '../lib/delivery/page-headers.ts';
import { readBranding } from '../lib/settings/branding.ts';
import { ROOT, type Settings, SettingsError } from '../lib/settings/settings.ts';
import { type Aws, ignoreError, listPages } from './aws.ts';
import { listSiteFiles, type SiteFile } from './site-files.ts';
import { readOutputs, stackNames } from './stacks.ts';

/** How long a file stays after the last deployment that had it. Tabs that are open may still need it. */
const KEEP_DAYS = 7;

/** The object with the files that the present build no longer has, and since when. */
const RETIRED = 'retired.json';

const MAX_CONCURRENCY = 8;
const DAY_MS = 24 * 60 * 60_000;

type Retired = Readonly<Record<string, string>>;

export interface Published {
  readonly uploaded: number;
  readonly deleted: number;
}

/** Checks that the pages can be uploaded, before anything is deployed. */
export function checkConsole(settings: Settings): void {
  const page = resolve(ROOT, settings.console, 'console.html');
  if (existsSync(page)) return;
  throw new SettingsError(
    `${page} was not found. Build the console with "make console", or set console to the folder of a built one.`,
  );
}

/** Uploads the pages of a deployment, with the values of its stack in config.json. */
export async function publishSite(aws: Aws, settings: Settings): Promise<Published> {
  const [stack] = stackNames(settings.name);
  const outputs = await readOutputs(aws.cloudFormation, stack);
  const bucket = outputs?.get('SiteBucketName');
  const config = outputs?.get('ConsoleConfig');
  if (bucket === undefined || config === undefined)
    throw new SettingsError(`Stack ${stack} has no site. Deploy it first.`);
  const files = listSiteFiles({
    folder: resolve(ROOT, settings.console),
    branding: readBranding(settings.branding),
    config,
    headers: readPageHeaders(),
  });
  return uploadFiles(aws.s3, bucket, files);
}

/** Uploads files, and deletes those that no deployment of the last days had. */
export async function uploadFiles(
  s3: Aws['s3'],
  Bucket: string,
  files: readonly SiteFile[],
  now = new Date(),
): Promise<Published> {
  for (let at = 0; at < files.length; at += MAX_CONCURRENCY) {
    await Promise.all(
      files.slice(at, at + MAX_CONCURRENCY).map(({ key, body, contentType, cacheControl }) =>
        s3.send(
          new PutObjectCommand({
            Bucket,
            Key: key,
            Body: body,
            ContentType: contentType,
            CacheControl: cacheControl,
          }),
        ),
      ),
    );
  }
  const before = await readRetired(s3, Bucket);
  const current = new Set([...files.map(({ key }) => key), RETIRED]);
  const old = (await listKeys(s3, Bucket)).filter((key) => !current.has(key));
  const retired = Object.fromEntries(old.map((key) => [key, before[key] ?? now.toISOString()]));
  const expired = old.filter((key) => isExpired(retired[key], now));
  if (expired.length > 0) await deleteKeys(s3, Bucket, expired);
  const left = Object.entries(retired).filter(([key]) => !expired.includes(key));
  await s3.send(
    new PutObjectCommand({
      Bucket,
      Key: RETIRED,
      Body: JSON.stringify(Object.fromEntries(left)),
      ContentType: 'application/json',
      CacheControl: 'no-store',
    }),
  );
  return { uploaded: files.length, deleted: expired.length };
}

function isExpired(since: string | undefined, now: Date): boolean {
  return since !== undefined && now.getTime() - Date.parse(since) > KEEP_DAYS * DAY_MS;
}

async function readRetired(s3: Aws['s3'], Bucket: string): Promise<Retired> {
  const found = await ignoreError(
    'NoSuchKey',
    s3.send(new GetObjectCommand({ Bucket, Key: RETIRED })),
  );
  const text = await found?.Body?.transformToString();
  return text === undefined ? {} : (JSON.parse(text) as Retired);
}

async function listKeys(s3: Aws['s3'], Bucket: string): Promise<string[]> {
  const objects = await listPages(async (token) => {
    const { Contents: items, NextContinuationToken: next } = await s3.send(
      new ListObjectsV2Command({ Bucket, ContinuationToken: token }),
    );
    return { items, next };
  });
  return objects.flatMap(({ Key }) => Key ?? []);
}

async function deleteKeys(s3: Aws['s3'], Bucket: string, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += 1000) {
    const Objects = keys.slice(at, at + 1000).map((Key) => ({ Key }));
    const { Errors: errors = [] } = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
    );
    const [first] = errors;
    if (first !== undefined)
      throw new Error(`Could not delete ${first.Key} in bucket ${Bucket}: ${first.Message}`);
  }
}
