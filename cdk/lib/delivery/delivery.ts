/** The CloudFront distribution in front of the API, live, VOD and thumbnails. */

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

/** The path of lists, the only API responses that are cached. */
const LISTS = '/api/competitions/*/clips';

/** CloudFront's quota of cache behaviors for one distribution. */
const MAX_BEHAVIORS = 25;

/** Refuses more channels and packaging groups than one distribution has behaviors for: 2 a channel, 3 a group. */
export function refuseTooManyBehaviors(channels: number, packagingGroups: number): void {
  // Three more: the default behavior, lists, and thumbnails.
  const behaviors = 3 + 2 * channels + 3 * packagingGroups;
  if (behaviors <= MAX_BEHAVIORS) return;
  throw new SettingsError(
    `Setting channels has ${channels} channels. With ${packagingGroups} packaging groups, the maximum is ${Math.floor((MAX_BEHAVIORS - 3 - 3 * packagingGroups) / 2)}.`,
  );
}

export interface DeliveryProps {
  readonly settings: Settings;
  readonly apiHost: string;
  /** The query parameters of lists. */
  readonly listParameters: readonly string[];
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
  /** The key pair id in signed cookies. Only for a private library. */
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
    this.headers = this.createResponseHeaders();
    if (settings.viewerAccess === 'private' && settings.playbackPublicKey !== undefined) {
      const publicKey = new PublicKey(this, 'PlaybackKey', {
        encodedKey: settings.playbackPublicKey,
      });
      this.playbackKeyPairId = publicKey.publicKeyId;
      this.keyGroup = new KeyGroup(this, 'PlaybackKeys', { items: [publicKey] });
    }

    const api = this.createOrigin(props.apiHost);
    this.distribution = new Distribution(this, 'Distribution', {
      // CloudFormation reads a secret again only if another property of the resource changes.
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
      // Not CloudFront's default of 10 s: a clip that does not play yet must play as soon as it can.
      errorResponses: [400, 403, 404, 405, 500, 502, 503, 504].map((httpStatus) => ({
        httpStatus,
        ttl: Duration.seconds(1),
      })),
      // Forwards tokens, so nothing is cached.
      defaultBehavior: {
        ...this.createBehavior(),
        origin: api,
        allowedMethods: AllowedMethods.ALLOW_ALL,
        cachePolicy: CachePolicy.CACHING_DISABLED,
        originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
      },
      additionalBehaviors: {
        // Does not forward tokens, so a cached list cannot depend on the caller.
        [LISTS]: {
          ...this.createBehavior(),
          origin: api,
          allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
          cachePolicy: this.policies.lists,
        },
      },
    });
    Validations.of(this.distribution).acknowledge(
      {
        id: 'AwsSolutions-CFR1',
        reason: 'Geographic restrictions depend on media rights, not on this stack.',
      },
      {
        id: 'AwsSolutions-CFR2',
        reason:
          'The API is throttled and refuses requests outside of its contract. A firewall bills each request, which is expensive for many viewers.',
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

  /** The base URL for viewers. */
  get url(): string {
    return `https://${this.settings.domain ?? this.distribution.distributionDomainName}`;
  }

  /** The variable `VOD_BASE_URL`. */
  get vodBaseUrl(): string {
    return `${this.url}/vod`;
  }

  /** Adds behaviors for media: under /vod/ in a public library, only under /vod/private/ in a private one. */
  addMedia({ channels, packagings, cdnIdentifier, bucket }: MediaProps): void {
    const open = this.createEdgeFunction('StripPrefix', 'strip-prefix.js', (code) => code);
    for (const channel of channels) {
      const origin = this.createOrigin(channel.host, channel.cdnIdentifier);
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
    const thumbnails = this.createThumbnailOrigin(bucket);
    const secret = this.settings.playbackKeySecretArn;
    if (this.keyGroup === undefined || secret === undefined) {
      this.distribution.addBehavior('/vod/thumbnails/*', thumbnails, {
        ...this.createBehavior(open),
        cachePolicy: CachePolicy.CACHING_OPTIMIZED,
      });
      for (const { packaging, path } of lastFirst)
        this.addVod(
          `/vod${path}`,
          this.createOrigin(packaging.host, cdnIdentifier),
          this.createBehavior(open),
        );
      return;
    }
    const sealKey = SecretValue.secretsManager(secret, { jsonField: 'sealKey' }).unsafeUnwrap();
    const sealed = this.createEdgeFunction('OpenSeal', 'open-seal.js', (code) =>
      code.replace('<seal key>', sealKey),
    );
    const signed = { ...this.createBehavior(sealed), trustedKeyGroups: [this.keyGroup] };
    this.distribution.addBehavior('/vod/private/*/thumbnails/*', thumbnails, {
      ...signed,
      cachePolicy: CachePolicy.CACHING_OPTIMIZED,
    });
    for (const { packaging, path } of lastFirst) {
      // In the paths of further groups, the number follows the competition and the seal.
      const prefix = path === '' ? '/vod/private' : `/vod/private/*${path}/out`;
      this.addVod(prefix, this.createOrigin(packaging.host, cdnIdentifier), signed);
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
      ...(edge === undefined
        ? {}
        : {
            functionAssociations: [{ function: edge, eventType: FunctionEventType.VIEWER_REQUEST }],
          }),
    };
  }

  private createOrigin(host: string, cdnIdentifier?: SecretValue): HttpOrigin {
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

  /** Thumbnails come from the bucket. The distribution may read nothing else in it. */
  private createThumbnailOrigin(bucket: Bucket): S3BucketOrigin {
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

  private createEdgeFunction(
    id: string,
    file: string,
    fill: (code: string) => string,
  ): EdgeFunction {
    const code = readFileSync(`${import.meta.dirname}/edge/${file}`, 'utf8');
    return new EdgeFunction(this, id, {
      functionName: `${this.settings.name}-${this.settings.region}-${file.replace('.js', '')}`,
      code: FunctionCode.fromInline(fill(code)),
      runtime: FunctionRuntime.JS_2_0,
    });
  }

  private createResponseHeaders(): ResponseHeadersPolicy {
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
        // Browsers refuse credentials if any origin is allowed.
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
