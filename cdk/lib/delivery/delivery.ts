/** The distribution in front of everything: API, live, VOD and thumbnails. */

import { readFileSync } from 'node:fs';

import { Duration, SecretValue, Stack, Validations } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  type BehaviorOptions,
  CachePolicy,
  Distribution,
  Function as EdgeFunction,
  FunctionCode,
  FunctionEventType,
  FunctionRuntime,
  HeadersFrameOption,
  HeadersReferrerPolicy,
  HttpVersion,
  KeyGroup,
  OriginProtocolPolicy,
  OriginRequestPolicy,
  PublicKey,
  ResponseHeadersPolicy,
  S3OriginAccessControl,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin, S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

import type { PackagingOrigin } from '../asset/asset.ts';
import type { Channel } from '../live/channels.ts';
import { CDN_HEADER } from '../mediapackage/cdn-identifier.ts';
import { type Settings, SettingsError } from '../settings/settings.ts';
import { CachePolicies } from './cache-policies.ts';

/** The path of lists; theirs is the only API reply that is cached. */
const LISTS = '/api/competitions/*/clips';

/** What CloudFront gives a distribution. */
const MOST_BEHAVIORS = 25;

/** Refuses more channels and packaging groups than one distribution can serve: two behaviors a channel, three a group. */
export function refuseTooMany(channels: number, packagingGroups: number): void {
  // One is the default, one for lists, one for thumbnails.
  const behaviors = 3 + 2 * channels + 3 * packagingGroups;
  if (behaviors <= MOST_BEHAVIORS) return;
  throw new SettingsError(
    `Setting channels has ${channels} channels; one distribution takes ${Math.floor((MOST_BEHAVIORS - 3 - 3 * packagingGroups) / 2)} ` +
      `beside ${packagingGroups} of packaging groups.`,
  );
}

export interface DeliveryProps {
  readonly settings: Settings;
  readonly apiHost: string;
  /** The parameters that a list's content depends on. */
  readonly listParameters: readonly string[];
}

export interface MediaProps {
  readonly channels: readonly Channel[];
  /** The packaging groups, each of which has a host of its own. */
  readonly packagings: readonly PackagingOrigin[];
  readonly cdnIdentifier: SecretValue;
  readonly bucket: Bucket;
}

export class Delivery extends Construct {
  readonly distribution: Distribution;
  /** The id that signed cookies name their key by; of a private library only. */
  readonly playbackKeyPairId: string | undefined;
  private readonly settings: Settings;
  private readonly policies: CachePolicies;
  private readonly headers: ResponseHeadersPolicy;
  private readonly keyGroup: KeyGroup | undefined;

  constructor(scope: Construct, id: string, props: DeliveryProps) {
    super(scope, id);
    const { settings } = props;
    this.settings = settings;
    this.policies = new CachePolicies(this, 'Cache', settings.name, props.listParameters);
    this.headers = this.responseHeaders();
    if (settings.viewerAccess === 'private' && settings.playbackPublicKey !== undefined) {
      const publicKey = new PublicKey(this, 'PlaybackKey', {
        encodedKey: settings.playbackPublicKey,
      });
      this.playbackKeyPairId = publicKey.publicKeyId;
      this.keyGroup = new KeyGroup(this, 'PlaybackKeys', { items: [publicKey] });
    }

    const api = this.origin(props.apiHost);
    this.distribution = new Distribution(this, 'Distribution', {
      // CloudFormation reads a secret anew only for what changes otherwise, too.
      comment: `${settings.name}, identifier ${settings.identifierRound}`,
      httpVersion: HttpVersion.HTTP2_AND_3,
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
      // What does not play yet must not be remembered for the ten seconds that are usual.
      errorResponses: [400, 403, 404, 405, 500, 502, 503, 504].map((httpStatus) => ({
        httpStatus,
        ttl: Duration.seconds(1),
      })),
      // Tokens pass through here and nothing is cached: what an operator sees is nobody else's.
      defaultBehavior: {
        ...this.behavior(),
        origin: api,
        allowedMethods: AllowedMethods.ALLOW_ALL,
        cachePolicy: CachePolicy.CACHING_DISABLED,
        originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
      },
      additionalBehaviors: {
        // Tokens do not pass: a reply that is shared cannot depend on who asked.
        [LISTS]: {
          ...this.behavior(),
          origin: api,
          allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
          cachePolicy: this.policies.lists,
        },
      },
    });
    Validations.of(this.distribution).acknowledge(
      {
        id: 'AwsSolutions-CFR1',
        reason: 'Where viewers may live is a matter of rights, not of this stack.',
      },
      {
        id: 'AwsSolutions-CFR2',
        reason:
          'The API refuses what is not in its contract and is throttled; a firewall billed per request fits no crowd.',
      },
      {
        id: 'AwsSolutions-CFR3',
        reason:
          'A log line for each segment of each viewer costs more than it tells; metrics tell of errors, the API logs its requests.',
      },
      {
        id: 'AwsSolutions-CFR4',
        reason:
          "Without a domain of its own the distribution has CloudFront's certificate, which allows no choice of TLS versions.",
      },
    );
  }

  /** What viewers' URLs begin with. */
  get url(): string {
    return `https://${this.settings.domain ?? this.distribution.distributionDomainName}`;
  }

  /** For `VOD_BASE_URL`. */
  get vodBaseUrl(): string {
    return `${this.url}/vod`;
  }

  /** Serves media: of public libraries under /vod/, of private ones under /vod/private/ only. */
  serve({ channels, packagings, cdnIdentifier, bucket }: MediaProps): void {
    const open = this.edge('StripPrefix', 'strip-prefix.js', (code) => code);
    for (const channel of channels) {
      const origin = this.origin(channel.host, channel.cdnIdentifier);
      const add = (pattern: string, cachePolicy: CachePolicy) => {
        this.distribution.addBehavior(`${channel.prefix}/${pattern}`, origin, {
          ...this.behavior(open),
          cachePolicy,
        });
      };
      add('*.m3u8', this.policies.liveManifests);
      add('*', this.policies.segments);
    }

    // The first behavior that matches counts, and what is the first group's matches the others' paths, too.
    const inner = [...packagings].reverse();
    const thumbnails = this.thumbnails(bucket);
    const secret = this.settings.playbackKeySecretArn;
    if (this.keyGroup === undefined || secret === undefined) {
      this.distribution.addBehavior('/vod/thumbnails/*', thumbnails, {
        ...this.behavior(open),
        cachePolicy: CachePolicy.CACHING_OPTIMIZED,
      });
      for (const { packaging, path } of inner)
        this.addVod(`/vod${path}`, this.origin(packaging.host, cdnIdentifier), this.behavior(open));
      return;
    }
    const sealKey = SecretValue.secretsManager(secret, { jsonField: 'sealKey' }).unsafeUnwrap();
    const sealed = this.edge('OpenSeal', 'open-seal.js', (code) =>
      code.replace('<seal key>', sealKey),
    );
    const signed = { ...this.behavior(sealed), trustedKeyGroups: [this.keyGroup] };
    this.distribution.addBehavior('/vod/private/*/thumbnails/*', thumbnails, {
      ...signed,
      cachePolicy: CachePolicy.CACHING_OPTIMIZED,
    });
    for (const { packaging, path } of inner) {
      // A competition and a seal stand before the path of a further group.
      const prefix = path === '' ? '/vod/private' : `/vod/private/*${path}/out`;
      this.addVod(prefix, this.origin(packaging.host, cdnIdentifier), signed);
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

  private behavior(edge?: EdgeFunction): {
    viewerProtocolPolicy: ViewerProtocolPolicy;
    responseHeadersPolicy: ResponseHeadersPolicy;
  } {
    return {
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      responseHeadersPolicy: this.headers,
      ...(edge === undefined
        ? {}
        : {
            functionAssociations: [{ function: edge, eventType: FunctionEventType.VIEWER_REQUEST }],
          }),
    };
  }

  private origin(host: string, cdnIdentifier?: SecretValue): HttpOrigin {
    return new HttpOrigin(host, {
      protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
      ...(this.settings.originShield
        ? { originShieldRegion: this.settings.region }
        : { originShieldEnabled: false }),
      ...(cdnIdentifier === undefined
        ? {}
        : { customHeaders: { [CDN_HEADER]: cdnIdentifier.unsafeUnwrap() } }),
    });
  }

  /** Thumbnails straight from the bucket; the distribution may read these and nothing else of it. */
  private thumbnails(bucket: Bucket): S3BucketOrigin {
    const control = new S3OriginAccessControl(this, 'ThumbnailsAccess');
    bucket.addToResourcePolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal('cloudfront.amazonaws.com')],
        actions: ['s3:GetObject'],
        resources: [bucket.arnForObjects('thumbnails/*')],
        conditions: { StringEquals: { 'AWS:SourceArn': this.distribution.distributionArn } },
      }),
    );
    return S3BucketOrigin.withBucketDefaults(bucket, {
      originAccessControlId: control.originAccessControlId,
    }) as S3BucketOrigin;
  }

  private edge(id: string, file: string, fill: (code: string) => string): EdgeFunction {
    const code = readFileSync(`${import.meta.dirname}/edge/${file}`, 'utf8');
    return new EdgeFunction(this, id, {
      functionName: `${this.settings.name}-${this.settings.region}-${file.replace('.js', '')}`,
      code: FunctionCode.fromInline(fill(code)),
      runtime: FunctionRuntime.JS_2_0,
    });
  }

  private responseHeaders(): ResponseHeadersPolicy {
    const { allowedOrigins, name } = this.settings;
    return new ResponseHeadersPolicy(this, 'Headers', {
      responseHeadersPolicyName: `${name}-${Stack.of(this).region}`,
      corsBehavior: {
        accessControlAllowOrigins: [...allowedOrigins],
        accessControlAllowMethods: ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'],
        accessControlAllowHeaders: [
          'authorization',
          'content-type',
          'idempotency-key',
          'if-match',
          'if-none-match',
          'range',
        ],
        accessControlExposeHeaders: ['etag', 'location', 'retry-after'],
        // Browsers refuse credentials where any origin is allowed.
        accessControlAllowCredentials: !allowedOrigins.includes('*'),
        accessControlMaxAge: Duration.hours(1),
        originOverride: true,
      },
      securityHeadersBehavior: {
        strictTransportSecurity: {
          accessControlMaxAge: Duration.days(365),
          includeSubdomains: false,
          override: true,
        },
        contentTypeOptions: { override: true },
        frameOptions: { frameOption: HeadersFrameOption.DENY, override: true },
        referrerPolicy: { referrerPolicy: HeadersReferrerPolicy.NO_REFERRER, override: true },
        contentSecurityPolicy: {
          contentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'",
          override: true,
        },
      },
    });
  }
}
