/** The CloudFront distribution in front of the pages, the API, live, VOD and thumbnails. */

import { createHash } from 'node:crypto';

import { Duration, SecretValue, Stack, Validations } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  type BehaviorOptions,
  CachePolicy,
  Distribution,
  type Function as EdgeFunction,
  HttpVersion,
  KeyGroup,
  OriginProtocolPolicy,
  OriginRequestPolicy,
  PublicKey,
  type ResponseHeadersPolicy,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

import type { Contract } from '../api/contract.ts';
import { ORIGIN_HEADER, type OriginSecret } from '../api/origin-secret.ts';
import type { PackagingOrigin } from '../asset/asset.ts';
import type { Channel } from '../live/channels.ts';
import { CDN_HEADER } from '../mediapackage/cdn-identifier.ts';
import { type ChannelSettings, type Settings, SettingsError } from '../settings/settings.ts';
import { allowDistribution, createBucketOrigin } from './bucket-origin.ts';
import { CachePolicies } from './cache-policies.ts';
import { createEdgeFunction, runOnRequest } from './edge-function.ts';
import type { Origins } from './page-headers.ts';
import { createDataHeaders } from './response-headers.ts';
import { Site } from './site.ts';

/** The behaviors of every deployment: the site, embeds, shared pages, feeds, oEmbed, lists, routes of a clip, clips, the API, thumbnails, media in the bucket. */
const FIXED_BEHAVIORS = 11;
/** The site, the API, and the bucket of clips. */
const FIXED_ORIGINS = 3;

/** Refuses more channels and packaging groups than one distribution has behaviors and origins for. */
export function refuseTooManyBehaviors(settings: Settings, packagingGroups: number): void {
  const { channels, distributionBehaviors, distributionOrigins } = settings;
  for (const [what, needed, quota, setting] of [
    [
      'behaviors',
      FIXED_BEHAVIORS + 3 * packagingGroups + 2 * channels.length,
      distributionBehaviors,
      'distributionBehaviors',
    ],
    [
      'origins',
      FIXED_ORIGINS + packagingGroups + new Set(channels.map(nameOrigin)).size,
      distributionOrigins,
      'distributionOrigins',
    ],
  ] as const) {
    if (needed <= quota) continue;
    throw new SettingsError(
      `Setting channels has ${channels.length} channels, so the distribution needs ${needed} ${what}, and the quota is ${quota}. ` +
        `If Service Quotas shows a higher quota for CloudFront in your account, or after you have raised it, set ${setting} to it.`,
    );
  }
}

/** Existing endpoints of one host share an origin. */
function nameOrigin({ id, originEndpoint: endpoint }: ChannelSettings): string {
  return endpoint === undefined ? id : new URL(endpoint.manifest).host;
}

export interface DeliveryProps {
  readonly settings: Settings;
  readonly contract: Contract;
  readonly apiHost: string;
  readonly originSecret: OriginSecret;
  /** The origins in the headers of pages. */
  readonly origins: Origins;
}

export interface MediaProps {
  readonly channels: readonly Channel[];
  /** The packaging groups. Each has its own host. */
  readonly packagings: readonly PackagingOrigin[];
  readonly cdnIdentifier: SecretValue;
  readonly bucket: Bucket;
}

export class Delivery extends Construct {
  readonly distribution: Distribution;
  readonly site: Site;
  /** The key pair id in signed cookies. Only for a private library. */
  readonly playbackKeyPairId: string | undefined;
  private readonly settings: Settings;
  /** The prefix of the names of CloudFront's resources, which all regions share. */
  private readonly prefix: string;
  private readonly policies: CachePolicies;
  private readonly headers: ResponseHeadersPolicy;
  private readonly keyGroup: KeyGroup | undefined;

  constructor(scope: Construct, id: string, props: DeliveryProps) {
    super(scope, id);
    const { settings } = props;
    this.settings = settings;
    this.prefix = `${settings.name}-${Stack.of(this).region}`;
    this.policies = new CachePolicies(this, 'Cache', this.prefix, props.contract);
    this.headers = createDataHeaders(this, 'Headers', this.prefix, settings);
    this.site = new Site(this, 'Site', {
      settings,
      prefix: this.prefix,
      cachePolicy: this.policies.site,
      origins: props.origins,
    });
    if (settings.viewerAccess === 'private' && settings.playbackPublicKey !== undefined) {
      // A key cannot change, so another key needs another name.
      const digest = createHash('sha256').update(settings.playbackPublicKey).digest('hex');
      const publicKey = new PublicKey(this, 'PlaybackKey', {
        publicKeyName: `${this.prefix}-${digest.slice(0, 8)}`,
        encodedKey: settings.playbackPublicKey,
      });
      this.playbackKeyPairId = publicKey.publicKeyId;
      this.keyGroup = new KeyGroup(this, 'PlaybackKeys', {
        keyGroupName: this.prefix,
        items: [publicKey],
      });
    }

    const api = this.createOrigin(props.apiHost, ORIGIN_HEADER, props.originSecret.sent);
    this.distribution = new Distribution(this, 'Distribution', {
      // CloudFormation reads a secret again only if another property of the resource changes.
      comment: `${settings.name}, identifier ${settings.identifierRound}`,
      httpVersion: HttpVersion.HTTP2_AND_3,
      ...(settings.webAclArn === undefined ? {} : { webAclId: settings.webAclArn }),
      ...(settings.domain === undefined || settings.certificateArn === undefined
        ? {}
        : {
            domainNames: [settings.domain],
            minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
            certificate: Certificate.fromCertificateArn(
              this,
              'Certificate',
              settings.certificateArn,
            ),
          }),
      // Not CloudFront's default of 10 s: a clip that does not play yet must play as soon as it can.
      errorResponses: [400, 403, 404, 405, 500, 502, 503, 504].map((httpStatus) => ({
        httpStatus,
        ttl: Duration.seconds(1),
      })),
      defaultBehavior: { origin: this.site.origin, ...this.site.behavior },
    });
    this.site.allow(this.distribution);
    this.addPages(api);
    this.addApi(api, props.contract);
    Validations.of(this.distribution).acknowledge(
      {
        id: 'AwsSolutions-CFR1',
        reason: 'Geographic restrictions depend on media rights, not on this stack.',
      },
      {
        id: 'AwsSolutions-CFR2',
        reason: 'make deploy creates the firewall in us-east-1, unless requestsPerAddress is 0.',
      },
      {
        id: 'AwsSolutions-CFR3',
        reason:
          'A log line for each segment of each viewer is too expensive. Metrics count errors, and the API logs its requests.',
      },
      {
        id: 'AwsSolutions-CFR4',
        reason:
          "Without a custom domain, the distribution uses CloudFront's certificate, which allows no choice of TLS versions.",
      },
    );
  }

  /** Adds pages in frames of other sites, and the pages and feeds that functions answer. */
  private addPages(api: HttpOrigin): void {
    this.distribution.addBehavior('/embed/*', this.site.origin, this.site.embedBehavior);
    const shared = { ...this.createBehavior(), cachePolicy: this.policies.shared };
    this.distribution.addBehavior('/c/*', api, {
      ...shared,
      responseHeadersPolicy: this.site.headers,
    });
    this.distribution.addBehavior('/feeds/*', api, shared);
  }

  /** Adds the API. CloudFront uses the first pattern that matches, so cached responses come first. */
  private addApi(api: HttpOrigin, contract: Contract): void {
    // These do not forward tokens, so a cached response cannot depend on the caller.
    const parameters = contract.operations.find(({ id }) => id === 'list-clips')?.query ?? [];
    const canonical = createEdgeFunction(
      this,
      'CanonicalList',
      this.prefix,
      'canonical-list.js',
      (code) => code.replace("['<parameters>']", JSON.stringify([...parameters].sort())),
    );
    this.distribution.addBehavior('/api/competitions/*/clips', api, {
      ...this.createBehavior(canonical),
      allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
      cachePolicy: this.policies.lists,
    });
    this.distribution.addBehavior('/api/oembed', api, {
      ...this.createBehavior(),
      allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
      cachePolicy: this.policies.embeds,
    });
    const uncached: Partial<BehaviorOptions> = {
      ...this.createBehavior(),
      allowedMethods: AllowedMethods.ALLOW_ALL,
      cachePolicy: CachePolicy.CACHING_DISABLED,
      originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
    };
    // Operators read more of a clip, such as its timeline, with their token.
    this.distribution.addBehavior('/api/competitions/*/clips/*/*', api, uncached);
    // A link in a push message opens one clip on many phones at once. The pattern also matches requests
    // that change a clip: CloudFront caches responses to GET only, and those get no token.
    const hideToken = createEdgeFunction(
      this,
      'HideToken',
      this.prefix,
      'hide-token.js',
      (code) => code,
    );
    this.distribution.addBehavior('/api/competitions/*/clips/*', api, {
      ...this.createBehavior(hideToken),
      allowedMethods: AllowedMethods.ALLOW_ALL,
      cachePolicy: this.policies.clips,
      originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
    });
    // Forwards tokens, so nothing is cached.
    this.distribution.addBehavior('/api/*', api, uncached);
  }

  /** The base URL of everything: pages, API and media. */
  get url(): string {
    return `https://${this.settings.domain ?? this.distribution.distributionDomainName}`;
  }

  /** The variable `VOD_BASE_URL`. */
  get vodBaseUrl(): string {
    return `${this.url}/vod`;
  }

  /** Adds behaviors for media: under /vod/ in a public library, only under /vod/private/ in a private one. */
  addMedia({ channels, packagings, cdnIdentifier, bucket }: MediaProps): void {
    const open = createEdgeFunction(
      this,
      'StripPrefix',
      this.prefix,
      'strip-prefix.js',
      (code) => code,
    );
    // Channels of one host share an origin: CloudFormation allows 60 references to secrets in a template.
    const origins = new Map<string, HttpOrigin>();
    for (const channel of channels) {
      const key = `${channel.host} ${channel.settings.originEndpoint?.cdnIdentifierSecretArn}`;
      const origin =
        origins.get(key) ?? this.createOrigin(channel.host, CDN_HEADER, channel.cdnIdentifier);
      origins.set(key, origin);
      const add = (pattern: string, cachePolicy: CachePolicy) => {
        this.distribution.addBehavior(`${channel.prefix}/${pattern}`, origin, {
          ...this.createBehavior(open),
          cachePolicy,
        });
      };
      add('*.m3u8', this.policies.liveManifests);
      add('*', this.policies.segments);
    }

    // CloudFront uses the first behavior that matches. The first group's patterns match the paths of
    // the other groups too, so they come last.
    const lastFirst = [...packagings].reverse();
    // The distribution may read nothing else in the bucket. Clips without an asset play from `clips`.
    const objects = createBucketOrigin(
      this,
      'ThumbnailsAccess',
      `${this.prefix}-thumbnails`,
      bucket,
    );
    const folders = ['thumbnails', 'clips'];
    for (const folder of folders)
      allowDistribution(this.distribution, bucket, {
        's3:GetObject': bucket.arnForObjects(`${folder}/*`),
      });
    const secret = this.settings.playbackKeySecretArn;
    if (this.keyGroup === undefined || secret === undefined) {
      for (const folder of folders)
        this.distribution.addBehavior(`/vod/${folder}/*`, objects, {
          ...this.createBehavior(open),
          cachePolicy: CachePolicy.CACHING_OPTIMIZED,
        });
      for (const { packaging, path } of lastFirst)
        this.addVod(
          `/vod${path}`,
          this.createOrigin(packaging.host, CDN_HEADER, cdnIdentifier),
          this.createBehavior(open),
        );
      return;
    }
    const sealKey = SecretValue.secretsManager(secret, { jsonField: 'sealKey' }).unsafeUnwrap();
    const sealed = createEdgeFunction(this, 'OpenSeal', this.prefix, 'open-seal.js', (code) =>
      code.replace('<seal key>', sealKey),
    );
    const signed = { ...this.createBehavior(sealed), trustedKeyGroups: [this.keyGroup] };
    for (const folder of folders)
      this.distribution.addBehavior(`/vod/private/*/${folder}/*`, objects, {
        ...signed,
        cachePolicy: CachePolicy.CACHING_OPTIMIZED,
      });
    for (const { packaging, path } of lastFirst) {
      // In the paths of further groups, the number follows the competition and the seal.
      const prefix = path === '' ? '/vod/private' : `/vod/private/*${path}/out`;
      this.addVod(prefix, this.createOrigin(packaging.host, CDN_HEADER, cdnIdentifier), signed);
    }
  }

  private addVod(prefix: string, origin: HttpOrigin, behavior: Partial<BehaviorOptions>): void {
    for (const [pattern, cachePolicy] of [
      ['*.m3u8', this.policies.vodManifests],
      ['*.mpd', this.policies.vodManifests],
      ['*', this.policies.segments],
    ] as const) {
      this.distribution.addBehavior(`${prefix}/${pattern}`, origin, { ...behavior, cachePolicy });
    }
  }

  private createBehavior(edge?: EdgeFunction): {
    viewerProtocolPolicy: ViewerProtocolPolicy;
    responseHeadersPolicy: ResponseHeadersPolicy;
  } {
    return {
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      responseHeadersPolicy: this.headers,
      ...(edge === undefined ? {} : runOnRequest(edge)),
    };
  }

  private createOrigin(host: string, header?: string, secret?: SecretValue): HttpOrigin {
    return new HttpOrigin(host, {
      protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
      ...(this.settings.originShield
        ? { originShieldRegion: this.settings.region }
        : { originShieldEnabled: false }),
      ...(header === undefined || secret === undefined
        ? {}
        : { customHeaders: { [header]: secret.unsafeUnwrap() } }),
    });
  }
}
