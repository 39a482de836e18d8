/** The response headers policies of the distribution: one for the API and media, two for pages. */

import { Duration } from 'aws-cdk-lib';
import {
  HeadersFrameOption,
  HeadersReferrerPolicy,
  ResponseHeadersPolicy,
  type ResponseSecurityHeadersBehavior,
} from 'aws-cdk-lib/aws-cloudfront';
import type { Construct } from 'constructs';

import type { Settings } from '../settings/settings.ts';
import type { Headers } from './page-headers.ts';

const TRANSPORT_SECURITY = {
  accessControlMaxAge: Duration.days(365),
  includeSubdomains: false,
  override: true,
} as const;

/** Creates the headers of the API and of media, which pages of `allowedOrigins` can read. */
export function createDataHeaders(
  scope: Construct,
  id: string,
  policyName: string,
  { allowedOrigins }: Settings,
): ResponseHeadersPolicy {
  return new ResponseHeadersPolicy(scope, id, {
    responseHeadersPolicyName: policyName,
    ...(allowedOrigins.length === 0
      ? {}
      : {
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
        }),
    securityHeadersBehavior: {
      strictTransportSecurity: TRANSPORT_SECURITY,
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

/** Creates the headers of pages. CloudFront has fields of its own for some of them. */
export function createPageHeaders(
  scope: Construct,
  id: string,
  policyName: string,
  headers: Headers,
): ResponseHeadersPolicy {
  const {
    'content-security-policy': contentSecurityPolicy = '',
    'referrer-policy': referrerPolicy,
    'x-content-type-options': contentTypeOptions,
    'x-frame-options': frameOption,
    ...others
  } = headers;
  const security: ResponseSecurityHeadersBehavior = {
    strictTransportSecurity: TRANSPORT_SECURITY,
    contentSecurityPolicy: { contentSecurityPolicy, override: true },
    ...(contentTypeOptions === undefined ? {} : { contentTypeOptions: { override: true } }),
    ...(frameOption === undefined
      ? {}
      : { frameOptions: { frameOption: frameOption as HeadersFrameOption, override: true } }),
    ...(referrerPolicy === undefined
      ? {}
      : {
          referrerPolicy: {
            referrerPolicy: referrerPolicy as HeadersReferrerPolicy,
            override: true,
          },
        }),
  };
  return new ResponseHeadersPolicy(scope, id, {
    responseHeadersPolicyName: policyName,
    securityHeadersBehavior: security,
    customHeadersBehavior: {
      customHeaders: Object.entries(others).map(([header, value]) => ({
        header,
        value,
        override: true,
      })),
    },
  });
}
