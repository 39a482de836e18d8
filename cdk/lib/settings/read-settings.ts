/**
 * Reads the settings of a deployment, checks them and fills in the defaults.
 *
 * Give a setting as `-c key=value`, or all settings in a JSON file as `-c settings=file.json`. A key on
 * the command line overrides the file. Write lists and objects as JSON. Paths are relative to the
 * project's folder.
 */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import type { Node } from 'constructs';

import { checkCombinations } from './check-combinations.ts';
import { readChannel, SEGMENT_SECONDS, STARTOVER_SECONDS } from './read-channel.ts';
import {
  DEFAULT_BRANDING,
  DEFAULT_LADDER,
  DRM_SYSTEMS,
  type DrmSettings,
  type DrmSystem,
  FILE_KINDS,
  type FrameRate,
  type IdentityProviderSettings,
  type MachineSettings,
  type Rendition,
  ROOT,
  type Settings,
  SettingsError,
  TABLE_INDEXES,
  type TableIndex,
  type WebhookSettings,
} from './settings.ts';
import { SECRET, SettingsReader } from './settings-reader.ts';

const HOST = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/;

/** Reads the settings from the context of the app. */
export function readContextSettings(node: Node): Settings {
  const context: unknown = node.getAllContext();
  const given = Object.entries(context as Record<string, unknown>).filter(([key]) =>
    isSetting(key),
  );
  const file: unknown = node.tryGetContext('settings');
  return readSettings({
    ...(file === undefined ? {} : readSettingsFile(String(file))),
    ...Object.fromEntries(given),
  });
}

/** The CDK's own context has `:` or `/` in its names, or one of these names. */
function isSetting(key: string): boolean {
  return (
    !/[:/]/.test(key) &&
    !['settings', 'emulator', 'cli-telemetry', 'acknowledged-issue-numbers'].includes(key)
  );
}

function readSettingsFile(path: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(resolve(ROOT, path), 'utf8')) as Record<string, unknown>;
  } catch (error) {
    throw new SettingsError(
      `Could not read the settings file ${path}: ${(error as Error).message}.`,
    );
  }
}

/** Reads and checks settings. Throws `SettingsError` with one line for each mistake. */
export function readSettings(given: Record<string, unknown>): Settings {
  const read = new SettingsReader(given);
  const settings: Settings = {
    name: read.text(
      'name',
      'matchcut',
      /^(?!.*(aws|amazon|cognito))[a-z][a-z0-9-]{0,19}$/,
      '1 to 20 lowercase letters, digits and hyphens, without aws, amazon or cognito',
    ),
    account:
      read.optionalText('account', /^\d{12}$/, 'an account id of 12 digits') ??
      process.env['CDK_DEFAULT_ACCOUNT'],
    region: read.text(
      'region',
      process.env['CDK_DEFAULT_REGION'],
      /^[a-z]{2}(-[a-z]+)+-\d$/,
      'a region such as eu-central-1',
    ),
    architecture: read.oneOf('architecture', ['x86_64', 'arm64'], 'x86_64'),
    functions: read.text('functions', 'target/lambda', /./, 'a folder'),

    channels: read.list('channels', [{ id: 'main', competition: 'demo' }], readChannel),
    encoders: read.texts(
      'encoders',
      [],
      /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/,
      'a CIDR block such as 203.0.113.7/32',
    ),
    input: read.oneOf('input', ['RTMP_PUSH', 'RTP_PUSH'], 'RTMP_PUSH'),
    redundant: read.flag('redundant', false),
    ladder: read.list('ladder', DEFAULT_LADDER, readRendition),
    frameRate: readFrameRate(read),
    segmentSeconds: read.whole('segmentSeconds', 2, ...SEGMENT_SECONDS),
    startoverSeconds: read.whole('startoverSeconds', 86_400, ...STARTOVER_SECONDS),
    adMarkers: read.oneOf('adMarkers', ['PASSTHROUGH', 'DATERANGE'], 'PASSTHROUGH'),

    viewerAccess: read.oneOf('viewerAccess', ['public', 'private'], 'public'),
    playbackKeySecretArn: read.optionalText('playbackKeySecretArn', SECRET, 'the ARN of a secret'),
    playbackPublicKey: read.optionalText(
      'playbackPublicKey',
      /^-----BEGIN PUBLIC KEY-----/,
      'a public key in PEM',
    ),
    playbackHours: read.whole('playbackHours', 12, 1, 168),
    cookieDomain: read.optionalText('cookieDomain', HOST, 'a domain such as example.com'),
    identityProvider: read.optionalObject('identityProvider', readIdentityProvider),
    allowedOrigins: read.texts(
      'allowedOrigins',
      // Browsers send no cookies to a private library if any origin is allowed.
      given['viewerAccess'] === 'private' ? [] : ['*'],
      /^(\*|https?:\/\/[a-z0-9.-]+(:\d+)?)$/,
      'an origin such as https://app.example.com',
    ),
    loginCallbacks: read.texts(
      'loginCallbacks',
      [],
      /^(https:\/\/|http:\/\/localhost\b)/,
      'an https URL',
    ),
    console: read.text('console', 'console/dist', /./, 'a folder'),
    branding: read.text('branding', DEFAULT_BRANDING, /./, 'a JSON file'),
    domain: read.optionalText('domain', HOST, 'a host such as clips.example.com'),
    certificateArn: read.optionalText(
      'certificateArn',
      /^arn:aws[a-z-]*:acm:us-east-1:/,
      'the ARN of a certificate in us-east-1',
    ),
    originShield: read.flag('originShield', false),
    // The defaults are AWS's: cloudfront-limits.html in CloudFront's Developer Guide.
    distributionBehaviors: read.whole('distributionBehaviors', 75, 25, 10_000),
    distributionOrigins: read.whole('distributionOrigins', 100, 25, 10_000),
    drm: read.optionalObject('drm', readDrm),
    packagingGroups: read.text('packagingGroups', 'packaging-groups', /./, 'a folder'),
    configurationPrefix: read.optionalText(
      'configurationPrefix',
      /^([A-Za-z0-9_-]{1,30})?$/,
      'at most 30 letters, digits, hyphens and underscores',
    ),
    identifierRound: read.whole('identifierRound', 1, 1, 1_000_000),

    publicConcurrency: read.optionalWhole('publicConcurrency', 0, 10_000),
    requestsPerAddress: read.whole('requestsPerAddress', 6000, 0, 2_000_000_000),
    webAclArn: read.optionalText(
      'webAclArn',
      /^arn:aws[a-z-]*:wafv2:us-east-1:\d{12}:global\/webacl\//,
      'the ARN of a web ACL for CloudFront, in us-east-1',
    ),

    clipFiles: read.oneOf('clipFiles', FILE_KINDS, 'all'),

    logDays: read.whole('logDays', 90, 1, 3653),
    coldAfterDays: read.optionalWhole('coldAfterDays', 30, 3650),
    originalsExpireAfterDays: read.optionalWhole('originalsExpireAfterDays', 1, 3650),
    clipsExpireAfterDays: read.optionalWholes(
      'clipsExpireAfterDays',
      /^(\*|[A-Za-z0-9-]{1,64})$/,
      'a competition or *',
      1,
      36_500,
    ),
    assetsExpireAfterDays: read.optionalWhole('assetsExpireAfterDays', 1, 36_500),
    trashDays: read.whole('trashDays', 7, 0, 90),
    tableIndexes: read.texts(
      'tableIndexes',
      TABLE_INDEXES.filter((it) => it !== 'active'),
      new RegExp(`^(${TABLE_INDEXES.join('|')})$`),
      TABLE_INDEXES.join(', '),
    ) as readonly TableIndex[],
    keepData: read.flag('keepData', true),

    marksWebhookSecretArn: read.optionalText(
      'marksWebhookSecretArn',
      SECRET,
      'the ARN of a secret',
    ),
    webhooks: read.list('webhooks', [], readWebhook),
    machines: read.list('machines', [], readMachine),

    alarmEmail: read.optionalText('alarmEmail', /^[^@\s]+@[^@\s]+\.[^@\s]+$/, 'an e-mail address'),
    monthlyBudget: read.optionalWhole('monthlyBudget', 1, 10_000_000),
  };
  read.refuseUnknown();
  checkCombinations(settings, read);
  if (read.mistakes.length > 0) throw new SettingsError(read.mistakes.join('\n'));
  return settings;
}

/** The name of a webhook or of a machine, which becomes a part of names on AWS. */
function readName(read: SettingsReader): string {
  return read.text(
    'name',
    undefined,
    /^[a-z0-9-]{1,20}$/,
    '1 to 20 lowercase letters, digits and hyphens',
  );
}

function readWebhook(read: SettingsReader): WebhookSettings {
  return {
    name: readName(read),
    url: read.text(
      'url',
      undefined,
      /^https:\/\/[^\s/@]+(\/\S*)?$/,
      'an https URL without a user name',
    ),
    secretArn: read.text('secretArn', undefined, SECRET, 'the ARN of a secret'),
  };
}

function readMachine(read: SettingsReader): MachineSettings {
  return {
    name: readName(read),
    scopes: read.texts(
      'scopes',
      [],
      /^[a-z]+\/[a-z.]+$/,
      'a scope of the contract such as matchcut/clips.write',
    ),
  };
}

function readIdentityProvider(read: SettingsReader): IdentityProviderSettings {
  return {
    name: read.text(
      'name',
      undefined,
      /^(?!Cognito$)[A-Za-z][A-Za-z0-9]{2,31}$/,
      '3 to 32 letters and digits',
    ),
    issuer: read.text('issuer', undefined, /^https:\/\/[^\s/?#]+[^\s?#]*$/, 'an https URL'),
    clientId: read.text('clientId', undefined, /./, 'the id of a client at the provider'),
    clientSecretArn: read.text('clientSecretArn', undefined, SECRET, 'the ARN of a secret'),
  };
}

/** Reads a frame rate: `25`, or a fraction such as `30000/1001`. */
function readFrameRate(read: SettingsReader): FrameRate {
  const what = 'a whole number or a fraction up to 60, such as 25, 50 or 30000/1001';
  const text = read.text('frameRate', '25', /^[1-9]\d{0,5}(\/[1-9]\d{0,3})?$/, what);
  const [numerator = 0, denominator = 1] = text.split('/').map(Number);
  if (numerator / denominator <= 60 && numerator >= denominator) return { numerator, denominator };
  if (text !== '') read.mistakes.push(`Setting frameRate is ${text}. It must be ${what}.`);
  return { numerator: 25, denominator: 1 };
}

function readRendition(read: SettingsReader): Rendition {
  return {
    width: read.whole('width', undefined, 64, 4096),
    height: read.whole('height', undefined, 64, 2160),
    bitrate: read.whole('bitrate', undefined, 100_000, 50_000_000),
  };
}

function readDrm(read: SettingsReader): DrmSettings {
  return {
    url: read.text(
      'url',
      undefined,
      /^https:\/\/[a-z0-9]+\.execute-api\.[a-z0-9-]+\.amazonaws\.com\/.+/,
      'the URL of an API of API Gateway',
    ),
    systems: read.texts(
      'systems',
      DRM_SYSTEMS,
      /^(fairplay|widevine|playready)$/,
      'fairplay, widevine or playready',
    ) as readonly DrmSystem[],
    live: read.flag('live', false),
  };
}
