/**
 * The settings of a deployment: what each means, what it may be, and what it is by default.
 *
 * Given as `-c key=value`, or together in a JSON file as `-c settings=file.json`; a key on the
 * command line wins. Lists and objects are written as JSON, paths from the project's folder.
 * docs/deploy.md has them in a table.
 */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import type { Node } from 'constructs';

import { Reader } from './settings-reader.ts';

/** Where a channel comes from that was there before this deployment. */
export interface OriginEndpoint {
  /** MediaPackage's id of a clear HLS endpoint with a startover window; clips are harvested from it. */
  readonly id: string;
  /** The manifest that viewers watch, at its origin: of that endpoint or of an encrypted twin. */
  readonly manifest: string;
  /** The secret whose key `MediaPackageCDNIdentifier` the origin demands, where it demands one. */
  readonly cdnIdentifierSecretArn?: string;
}

export interface ChannelSettings {
  /** The channel's name in the API. The first channel is the default one. */
  readonly id: string;
  /** The competition of a clip that names none. */
  readonly competition: string;
  /** An existing endpoint; without one, the stack Live makes the channel. */
  readonly originEndpoint?: OriginEndpoint;
}

export interface Rendition {
  readonly width: number;
  readonly height: number;
  /** Bits per second of video. */
  readonly bitrate: number;
}

export const DRM_SYSTEMS = ['fairplay', 'widevine', 'playready'] as const;
export type DrmSystem = (typeof DRM_SYSTEMS)[number];

/** Encryption by a key server that speaks SPEKE. */
export interface DrmSettings {
  /** The key server's URL, an API of API Gateway. */
  readonly url: string;
  readonly systems: readonly DrmSystem[];
  /** Whether the public live endpoint is encrypted too; harvests then read a clear, private one. */
  readonly live: boolean;
}

/** A system that is told of each change of a clip's state. */
export interface WebhookSettings {
  readonly name: string;
  /** What is called. */
  readonly url: string;
  /** The secret that signs the calls: a text `whsec_<base64>`, as the Standard Webhooks have it. */
  readonly secretArn: string;
}

export interface Settings {
  /** Begins the name of everything that needs a name. */
  readonly name: string;
  readonly account: string | undefined;
  readonly region: string;
  /** What the functions were built for. */
  readonly architecture: 'x86_64' | 'arm64';
  /** The folder that `cargo lambda build` writes to: a folder per function, `bootstrap` in it. */
  readonly functions: string;

  readonly channels: readonly ChannelSettings[];
  /** The addresses encoders push from, as CIDR blocks; needed where the stack Live is made. */
  readonly encoders: readonly string[];
  readonly input: 'RTMP_PUSH' | 'RTP_PUSH';
  /** Two pipelines and two inputs per channel instead of one; doubles what MediaLive costs. */
  readonly redundant: boolean;
  /** The renditions of live, largest first. */
  readonly ladder: readonly Rendition[];
  /** The length of a live segment. Clips are cut at segments. */
  readonly segmentSeconds: number;
  /** How long a moment can be clipped after it aired. */
  readonly startoverSeconds: number;

  readonly viewerAccess: 'public' | 'private';
  /** The secret of the private key, and its public half; `make deploy` makes both. */
  readonly playbackKeySecretArn: string | undefined;
  readonly playbackPublicKey: string | undefined;
  /** How long the cookies of a private library open it. */
  readonly playbackHours: number;
  /** The origins of the pages that players and the console run on. */
  readonly allowedOrigins: readonly string[];
  /** Where Cognito's own login page may send operators back to; none: no such login. */
  readonly loginCallbacks: readonly string[];
  /** The host viewers use, and its certificate in us-east-1. */
  readonly domain: string | undefined;
  readonly certificateArn: string | undefined;
  /** One more cache before the origins; pays off with viewers on several continents. */
  readonly originShield: boolean;
  readonly drm: DrmSettings | undefined;
  /** The folder of packaging groups, a file each. */
  readonly packagingGroups: string;
  /** Counted up once the secrets of MediaPackage's identifiers have new values, to take those over. */
  readonly identifierRound: number;

  readonly logDays: number;
  /** When media of clips and uploads moves to storage that is cheaper to keep and dearer to read. */
  readonly coldAfterDays: number | undefined;
  /** When uploaded originals are deleted; the clips made of them stay. */
  readonly originalsExpireAfterDays: number | undefined;
  /** When clips are deleted, by competition; `*` is every other one. */
  readonly clipsExpireAfterDays: Readonly<Record<string, number>> | undefined;
  /** Whether table, media and users outlive the stack. */
  readonly keepData: boolean;

  readonly webhooks: readonly WebhookSettings[];

  /** Who is written to when an alarm goes off. */
  readonly alarmEmail: string | undefined;
  /** The account's bill, in dollars a month, that is worth a mail. */
  readonly monthlyBudget: number | undefined;
}

/** The project's folder, which paths are relative to. */
export const ROOT = `${import.meta.dirname}/../../..`;

/** Every mistake of the settings, a sentence each. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

export const LADDER: readonly Rendition[] = [
  { width: 1920, height: 1080, bitrate: 5_000_000 },
  { width: 1280, height: 720, bitrate: 2_500_000 },
  { width: 640, height: 360, bitrate: 800_000 },
];

/** What CloudWatch Logs can keep; other numbers it refuses. */
const LOG_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653];

/** Each is a rule, two queues and a function of its own; many subscribers want a bus of theirs. */
const MOST_WEBHOOKS = 5;

const SECRET = /^arn:aws[a-z-]*:secretsmanager:/;
const COMPETITION = /^[A-Za-z0-9-]{1,64}$/;
const ORIGIN = /^https:\/\/[a-z0-9.-]+(:\d+)?$/;

/** The settings in the context of the app. */
export function settingsOf(node: Node): Settings {
  const context: unknown = node.getAllContext();
  const given = Object.entries(context as Record<string, unknown>).filter(([key]) =>
    isSetting(key),
  );
  const file: unknown = node.tryGetContext('settings');
  return readSettings({
    ...(file === undefined ? {} : fromFile(String(file))),
    ...Object.fromEntries(given),
  });
}

/** CDK keeps its own context under names with `:` or `/`, the command's own under these. */
function isSetting(key: string): boolean {
  return (
    !/[:/]/.test(key) &&
    !['settings', 'emulator', 'cli-telemetry', 'acknowledged-issue-numbers'].includes(key)
  );
}

function fromFile(path: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(resolve(ROOT, path), 'utf8')) as Record<string, unknown>;
  } catch (error) {
    throw new SettingsError(
      `The settings file ${path} cannot be read: ${(error as Error).message}.`,
    );
  }
}

/** Checks settings; refuses them with a sentence for each mistake. */
export function readSettings(given: Record<string, unknown>): Settings {
  const read = new Reader(given);
  const settings: Settings = {
    name: read.text(
      'name',
      'matchcut',
      /^(?!.*(aws|amazon|cognito))[a-z][a-z0-9-]{0,19}$/,
      '1 to 20 small letters, digits and hyphens, and not a name of AWS',
    ),
    account:
      read.optionalText('account', /^\d{12}$/, 'the 12 digits of an account') ??
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
    ladder: read.list('ladder', LADDER, readRendition),
    segmentSeconds: read.whole('segmentSeconds', 2, 1, 30),
    startoverSeconds: read.whole('startoverSeconds', 86_400, 60, 1_209_600),

    viewerAccess: read.oneOf('viewerAccess', ['public', 'private'], 'public'),
    playbackKeySecretArn: read.optionalText('playbackKeySecretArn', SECRET, 'the ARN of a secret'),
    playbackPublicKey: read.optionalText(
      'playbackPublicKey',
      /^-----BEGIN PUBLIC KEY-----/,
      'a public key in PEM',
    ),
    playbackHours: read.whole('playbackHours', 12, 1, 168),
    allowedOrigins: read.texts(
      'allowedOrigins',
      ['*'],
      /^(\*|https?:\/\/[a-z0-9.-]+(:\d+)?)$/,
      'an origin such as https://app.example.com',
    ),
    loginCallbacks: read.texts(
      'loginCallbacks',
      [],
      /^(https:\/\/|http:\/\/localhost\b)/,
      'an https URL',
    ),
    domain: read.optionalText(
      'domain',
      /^[a-z0-9-]+(\.[a-z0-9-]+)+$/,
      'a host such as clips.example.com',
    ),
    certificateArn: read.optionalText(
      'certificateArn',
      /^arn:aws[a-z-]*:acm:us-east-1:/,
      'the ARN of a certificate in us-east-1',
    ),
    originShield: read.flag('originShield', false),
    drm: read.optionalObject('drm', readDrm),
    packagingGroups: read.text('packagingGroups', 'packaging-groups', /./, 'a folder'),
    identifierRound: read.whole('identifierRound', 1, 1, 1_000_000),

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
    keepData: read.flag('keepData', true),

    webhooks: read.list('webhooks', [], readWebhook),

    alarmEmail: read.optionalText('alarmEmail', /^[^@\s]+@[^@\s]+\.[^@\s]+$/, 'an e-mail address'),
    monthlyBudget: read.optionalWhole('monthlyBudget', 1, 10_000_000),
  };
  read.refuseUnknown();
  checkTogether(settings, read);
  if (read.mistakes.length > 0) throw new SettingsError(read.mistakes.join('\n'));
  return settings;
}

function readChannel(read: Reader): ChannelSettings {
  const originEndpoint = read.optionalObject('originEndpoint', (endpoint): OriginEndpoint => {
    const secret = endpoint.optionalText('cdnIdentifierSecretArn', SECRET, 'the ARN of a secret');
    return {
      id: endpoint.text('id', undefined, /^[A-Za-z0-9_-]+$/, 'the id of an origin endpoint'),
      manifest: endpoint.text(
        'manifest',
        undefined,
        /^https:\/\/[^/?#]+\/out\/[^?#]+\.m3u8$/,
        'an https URL with /out/ in its path that ends in .m3u8',
      ),
      ...(secret === undefined ? {} : { cdnIdentifierSecretArn: secret }),
    };
  });
  return {
    id: read.text(
      'id',
      undefined,
      /^[a-z0-9-]{1,20}$/,
      '1 to 20 small letters, digits and hyphens',
    ),
    competition: read.text(
      'competition',
      undefined,
      COMPETITION,
      '1 to 64 letters, digits and hyphens',
    ),
    ...(originEndpoint === undefined ? {} : { originEndpoint }),
  };
}

function readWebhook(read: Reader): WebhookSettings {
  return {
    name: read.text(
      'name',
      undefined,
      /^[a-z0-9-]{1,20}$/,
      '1 to 20 small letters, digits and hyphens',
    ),
    url: read.text(
      'url',
      undefined,
      /^https:\/\/[^\s/@]+(\/\S*)?$/,
      'an https URL without a user name',
    ),
    secretArn: read.text('secretArn', undefined, SECRET, 'the ARN of a secret'),
  };
}

function readRendition(read: Reader): Rendition {
  return {
    width: read.whole('width', undefined, 64, 4096),
    height: read.whole('height', undefined, 64, 2160),
    bitrate: read.whole('bitrate', undefined, 100_000, 50_000_000),
  };
}

function readDrm(read: Reader): DrmSettings {
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

/** The rules that no setting can keep alone. */
function checkTogether(settings: Settings, read: Reader): void {
  const made = settings.channels.filter((channel) => channel.originEndpoint === undefined);
  const refuse = (unless: boolean, sentence: string) => {
    if (!unless) read.mistakes.push(sentence);
  };
  refuse(
    settings.channels.length > 0,
    'Setting channels is empty; at least one channel is needed.',
  );
  const twice = (names: readonly string[]) =>
    new Set(names.filter((name, at) => names.indexOf(name) !== at));
  for (const id of twice(settings.channels.map((channel) => channel.id))) {
    read.mistakes.push(`Setting channels has two channels named ${id}.`);
  }
  refuse(
    settings.webhooks.length <= MOST_WEBHOOKS,
    `Setting webhooks has ${settings.webhooks.length} subscribers; ${MOST_WEBHOOKS} can be called. Others can have a rule on the event bus.`,
  );
  for (const name of twice(settings.webhooks.map((webhook) => webhook.name))) {
    read.mistakes.push(`Setting webhooks has two subscribers named ${name}.`);
  }
  const identifiers = settings.channels.map(
    (channel) => channel.originEndpoint?.cdnIdentifierSecretArn ?? '',
  );
  const secrets = new Set(identifiers.filter((arn) => arn !== ''));
  refuse(
    secrets.size + (made.length > 0 ? 1 : 0) <= 1 || secrets.size === 0,
    'Setting channels has endpoints that demand different identifiers of a CDN; create-clip knows one, so give them one secret.',
  );
  refuse(
    made.length === 0 || settings.encoders.length > 0,
    'Setting encoders is missing: say which addresses the encoder pushes from, as in -c encoders=203.0.113.7/32, ' +
      'or give the channel an originEndpoint that exists.',
  );
  refuse(
    !settings.encoders.includes('0.0.0.0/0'),
    'Setting encoders must not let the whole Internet push: 0.0.0.0/0.',
  );
  refuse(settings.ladder.length > 0, 'Setting ladder is empty; at least one rendition is needed.');
  refuse(
    settings.startoverSeconds >= 10 * settings.segmentSeconds,
    'Setting startoverSeconds has to be at least ten times segmentSeconds.',
  );
  refuse(
    LOG_DAYS.includes(settings.logDays),
    `Setting logDays has to be one of ${LOG_DAYS.join(', ')}.`,
  );
  refuse(
    (settings.domain === undefined) === (settings.certificateArn === undefined),
    'Settings domain and certificateArn go together: a domain needs its certificate, in us-east-1.',
  );
  refuse(
    settings.monthlyBudget === undefined || settings.alarmEmail !== undefined,
    'Setting monthlyBudget needs alarmEmail, the address it writes to.',
  );
  if (settings.viewerAccess === 'private') {
    refuse(
      settings.playbackKeySecretArn !== undefined && settings.playbackPublicKey !== undefined,
      'A private library needs the settings playbackKeySecretArn and playbackPublicKey: run make deploy, which makes both.',
    );
    refuse(
      settings.allowedOrigins.every((origin) => ORIGIN.test(origin)),
      'A private library needs the https origins of its players in allowedOrigins: browsers send no cookies where any origin is allowed.',
    );
  }
  if (settings.drm !== undefined) {
    refuse(
      settings.drm.systems.includes('fairplay'),
      'Setting drm.systems lacks fairplay, without which nobody could play the HLS format.',
    );
    refuse(
      settings.drm.systems.some((system) => system !== 'fairplay'),
      'Setting drm.systems lacks widevine and playready, without which nobody could play the DASH format.',
    );
  }
}
