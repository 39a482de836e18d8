/**
 * The stack Firewall: limits the requests of one address to the functions. AWS WAF keeps the web ACLs of
 * CloudFront in us-east-1 only, so the stack is there, whatever the region of the deployment is.
 * https://docs.aws.amazon.com/waf/latest/developerguide/cloudfront-features.html
 */

import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import type { Construct } from 'constructs';

import type { Settings } from './settings/settings.ts';

/** The region of AWS WAF for CloudFront. */
export const FIREWALL_REGION = 'us-east-1';

/** How far back AWS WAF counts. It is the shortest window that AWS WAF has. */
const WINDOW_SECONDS = 60;

/** The paths that functions answer. Pages and media are files. */
const PATHS = ['/api/', '/c/', '/feeds/'];

export interface FirewallProps extends StackProps {
  readonly settings: Settings;
}

export class Firewall extends Stack {
  constructor(scope: Construct, id: string, props: FirewallProps) {
    super(scope, id, props);
    const { name, region, requestsPerAddress } = props.settings;
    const acl = new CfnWebACL(this, 'Acl', {
      name: `${name}-${region}`,
      description: 'Limits the requests of one address',
      scope: 'CLOUDFRONT',
      defaultAction: { allow: {} },
      visibilityConfig: measure(`${name}-${region}`),
      customResponseBodies: {
        throttled: {
          contentType: 'APPLICATION_JSON',
          content: JSON.stringify({ message: 'Too many requests from this address' }),
        },
      },
      rules: [
        {
          name: 'one-address',
          priority: 0,
          action: {
            block: {
              customResponse: {
                responseCode: 429,
                responseHeaders: [{ name: 'retry-after', value: String(WINDOW_SECONDS) }],
                customResponseBodyKey: 'throttled',
              },
            },
          },
          statement: {
            rateBasedStatement: {
              aggregateKeyType: 'IP',
              limit: requestsPerAddress,
              evaluationWindowSec: WINDOW_SECONDS,
              scopeDownStatement: { orStatement: { statements: PATHS.map(matchPath) } },
            },
          },
          visibilityConfig: measure(`${name}-${region}-one-address`),
        },
      ],
    });
    new CfnOutput(this, 'WebAclArn', { value: acl.attrArn });
  }
}

function matchPath(prefix: string): CfnWebACL.StatementProperty {
  return {
    byteMatchStatement: {
      fieldToMatch: { uriPath: {} },
      positionalConstraint: 'STARTS_WITH',
      searchString: prefix,
      textTransformations: [{ priority: 0, type: 'NONE' }],
    },
  };
}

function measure(metricName: string): CfnWebACL.VisibilityConfigProperty {
  return { cloudWatchMetricsEnabled: true, metricName, sampledRequestsEnabled: true };
}
