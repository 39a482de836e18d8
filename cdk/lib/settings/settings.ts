/** The settings of a deployment. docs/deploy.md has a table of all settings. */

import type { InputSettings } from './input.ts';
import type { AudioSettings, CaptionSettings } from './tracks.ts';

/** An existing MediaPackage endpoint, which this deployment does not make. */
export interface OriginEndpoint {
  /** The id of an unencrypted HLS endpoint with a startover window. Clips are harvested from it. */
  readonly id: string;
  /** The URL of the viewers' manifest at the origin: of this endpoint, or of its encrypted counterpart. */
  readonly manifest: string;
  /** The secret with the key `MediaPackageCDNIdentifier`, if the origin requires CDN authorization. */
  readonly cdnIdentifierSecretArn?: string;
  /** The length of its segments. `make deploy` reads it. @default the setting `segmentSeconds` */
  readonly segmentSeconds?: number;
  /** Its startover window. `make deploy` reads it. @default the setting `startoverSeconds` */
  readonly startoverSeconds?: number;
}

export interface ChannelSettings {
  /** The channel's id in the API. The first channel is the default. */
  readonly id: string;
  /** The competition of clips whose request names none. */
  readonly competition: string;
  /** An existing endpoint. @default the stack Live makes the channel */
  readonly originEndpoint?: OriginEndpoint;
  /** How MediaLive gets the stream. @default an encoder pushes, as the setting `input` of the deployment says */
  readonly input?: InputSettings;
  /** The sounds of the stream, the default one first. @default the input's first sound */
  readonly audio?: readonly AudioSettings[];
  /** Captions of the input that are kept. @default none: MediaLive drops them */
  readonly captions?: CaptionSettings;
  /** Which files the channel's clips get. @default the setting `clipFiles` of the deployment */
  readonly clipFiles?: FileKinds;
  /** How precisely clips are cut whose request does not say it. @default `segment` */
  readonly precision?: Precision;
}

/** `pictures`: poster, thumbnails and storyboard. `all`: the pictures, and an MP4 of the requested window. */
export const FILE_KINDS = ['none', 'pictures', 'all'] as const;
export type FileKinds = (typeof FILE_KINDS)[number];

/** `segment`: clips start and end with a segment. `frame`: then media of exactly the requested frames is made. */
export const PRECISIONS = ['segment', 'frame'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** Frames per second, as a fraction. */
export interface FrameRate {
  readonly numerator: number;
  readonly denominator: number;
}

export interface Rendition {
  readonly width: number;
  readonly height: number;
  /** Bits per second of video. */
  readonly bitrate: number;
}

export const DRM_SYSTEMS = ['fairplay', 'widevine', 'playready'] as const;
export type DrmSystem = (typeof DRM_SYSTEMS)[number];

/** Encryption with keys of a SPEKE key server. */
export interface DrmSettings {
  /** The URL of the key server, which is an API of API Gateway. */
  readonly url: string;
  readonly systems: readonly DrmSystem[];
  /** Whether the viewers' live endpoint is encrypted. Harvests then read a private, unencrypted one. */
  readonly live: boolean;
}

/** A subscriber, which gets a webhook message for each change event. */
export interface WebhookSettings {
  readonly name: string;
  /** The URL of the subscriber. */
  readonly url: string;
  /** The secret that signs the messages: `whsec_<base64>`, as in the Standard Webhooks specification. */
  readonly secretArn: string;
}

/** A program that calls the API with a secret of its own. */
export interface MachineSettings {
  readonly name: string;
  /** The scopes of the contract that its tokens have, such as `matchcut/clips.write`. */
  readonly scopes: readonly string[];
}

/** An identity provider that signs viewers in, by OpenID Connect. */
export interface IdentityProviderSettings {
  /** The name on the login page. */
  readonly name: string;
  readonly issuer: string;
  /** The client of the user pool at the provider. */
  readonly clientId: string;
  /** The secret with the client's secret as its text. */
  readonly clientSecretArn: string;
}

/** The indexes of the table. `active` is the index of viewers of version 0.1.0. */
export const TABLE_INDEXES = ['active', 'unfinished', 'waiting', 'changes', 'listed'] as const;
export type TableIndex = (typeof TABLE_INDEXES)[number];

export interface Settings {
  /** The prefix of all names. */
  readonly name: string;
  readonly account: string | undefined;
  readonly region: string;
  /** The CPU architecture of the built functions. */
  readonly architecture: 'x86_64' | 'arm64';
  /** The folder of `cargo lambda build`, with `functions/bootstrap`: the program that has every function. */
  readonly functions: string;

  readonly channels: readonly ChannelSettings[];
  /** The addresses from which encoders push, as CIDR blocks. Required if they push to a channel. */
  readonly encoders: readonly string[];
  /** The input type of channels without an input of their own. */
  readonly input: 'RTMP_PUSH' | 'RTP_PUSH';
  /** Two pipelines and two inputs for each channel, which doubles the costs of MediaLive. */
  readonly redundant: boolean;
  /** The renditions of the live stream, largest first. */
  readonly ladder: readonly Rendition[];
  /** The frame rate of the live stream. MediaLive converts a source with another one. */
  readonly frameRate: FrameRate;
  /** The length of a live segment in seconds. Clips start and end at segments. */
  readonly segmentSeconds: number;
  /** The startover window in seconds: how far in the past a clip can start. */
  readonly startoverSeconds: number;
  /** What MediaPackage writes of SCTE-35. With DATERANGE, ad breaks become marks. */
  readonly adMarkers: 'PASSTHROUGH' | 'DATERANGE';

  readonly viewerAccess: 'public' | 'private';
  /** The secret with the private key, and the public key. `make deploy` creates both. */
  readonly playbackKeySecretArn: string | undefined;
  readonly playbackPublicKey: string | undefined;
  /** The lifetime of a private library's cookies, in hours. */
  readonly playbackHours: number;
  /**
   * The domain that the pages and the media of a private library share. Cookies are valid for all of
   * its hosts. @default cookies are valid for `domain` only
   */
  readonly cookieDomain: string | undefined;
  /** An identity provider whose users are viewers. @default users of the pool only */
  readonly identityProvider: IdentityProviderSettings | undefined;
  /** The origins of other pages that call the API and play clips. Our own pages need none. */
  readonly allowedOrigins: readonly string[];
  /** Further URLs to which Cognito's login page may redirect. Our own pages are always allowed. */
  readonly loginCallbacks: readonly string[];
  /** The folder of the built console, which `make deploy` uploads. */
  readonly console: string;
  /** The branding of our pages: a JSON file, with its pictures beside it. */
  readonly branding: string;
  /** The host for viewers, and its certificate in us-east-1. */
  readonly domain: string | undefined;
  readonly certificateArn: string | undefined;
  /** Another cache in front of the origins, for viewers on several continents. */
  readonly originShield: boolean;
  /** The account's quotas of cache behaviors and of origins of one distribution. */
  readonly distributionBehaviors: number;
  readonly distributionOrigins: number;
  readonly drm: DrmSettings | undefined;
  /** The folder of packaging groups, one file for each group. */
  readonly packagingGroups: string;
  /** The prefix of the ids of packaging configurations, which are unique in an account and region. @default `<name>-` */
  readonly configurationPrefix: string | undefined;
  /** Increase it by one, twice, to rotate the CDN identifiers. Each time also rotates the origin header. */
  readonly identifierRound: number;

  /** How many times each function that anyone may call runs at once. 0 is no limit. @default the contract's */
  readonly publicConcurrency: number | undefined;
  /** How many requests a minute of one address the firewall lets through. 0 is no firewall. */
  readonly requestsPerAddress: number;
  /** The firewall in us-east-1. `make deploy` creates it. */
  readonly webAclArn: string | undefined;

  /** Which files clips and uploads get, beside their segments. */
  readonly clipFiles: FileKinds;

  readonly logDays: number;
  /** After how many days media moves to a storage class that is cheaper to keep, but expensive to read. */
  readonly coldAfterDays: number | undefined;
  /** After how many days originals are deleted. Their clips stay. */
  readonly originalsExpireAfterDays: number | undefined;
  /** After how many days clips are deleted, by competition. `*` is every other competition. */
  readonly clipsExpireAfterDays: Readonly<Record<string, number>> | undefined;
  /** After how many days clips lose their assets, and play as HLS from the bucket. */
  readonly assetsExpireAfterDays: number | undefined;
  /** For how many days a deleted clip can be restored. With 0, its media is removed at once. */
  readonly trashDays: number;
  /** The indexes of the table. Only the update of an earlier version sets them; CHANGELOG.md says how. */
  readonly tableIndexes: readonly TableIndex[];
  /** The secret that senders of marks sign their webhook messages with: `whsec_<base64>`. */
  readonly marksWebhookSecretArn: string | undefined;
  /** Whether the table, media and users are kept when the stack is deleted. */
  readonly keepData: boolean;

  readonly webhooks: readonly WebhookSettings[];
  readonly machines: readonly MachineSettings[];

  /** The recipient of alarms. */
  readonly alarmEmail: string | undefined;
  /** The account's budget in US dollars a month. E-mails: at 80 % of it, and if the forecast exceeds it. */
  readonly monthlyBudget: number | undefined;
}

/** The input of a channel that the stack Live makes. */
export function selectInput(settings: Settings, { input }: ChannelSettings): InputSettings {
  return input ?? { type: settings.input };
}

/** The number of frames in a live segment. A segment of 2 s has 60 frames at 30000/1001. */
export function countSegmentFrames({ frameRate, segmentSeconds }: SegmentSettings): number {
  return Math.round((segmentSeconds * frameRate.numerator) / frameRate.denominator);
}

/** How long a live segment is: 60 frames at 30000/1001 are 2.002 s. */
export function measureSegment(settings: SegmentSettings): number {
  const { numerator, denominator } = settings.frameRate;
  return (countSegmentFrames(settings) * denominator) / numerator;
}

type SegmentSettings = Pick<Settings, 'frameRate' | 'segmentSeconds'>;

/** The project's folder. Paths are relative to it. */
export const ROOT = `${import.meta.dirname}/../../..`;

/**
 * Lambda allocates CPU in proportion to memory, and the TLS handshakes of a cold start need CPU. At
 * 128 MB, a cold start takes twice as long for half the price. The functions themselves need 3.3 to
 * 12.2 MB, their peak after 100 invocations.
 */
export const FUNCTION_MEMORY_MB = 256;

/** The branding of the repository: the name Matchcut, and no logo. */
export const DEFAULT_BRANDING = 'console/public/branding.json';

/** The mistakes in the settings, one line for each. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

export const DEFAULT_LADDER: readonly Rendition[] = [
  { width: 1920, height: 1080, bitrate: 5_000_000 },
  { width: 1280, height: 720, bitrate: 2_500_000 },
  { width: 640, height: 360, bitrate: 800_000 },
];
