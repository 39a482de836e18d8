/** The HTTP API: routes, scopes and throttles as the contract has them. */

import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import {
  type CfnRoute,
  type CfnStage,
  CorsHttpMethod,
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type Deployment, RustFunction } from '../function/function.ts';
import type { Contract, Operation } from './contract.ts';
import type { Users } from './users.ts';

export interface ApiProps extends Deployment {
  readonly contract: Contract;
  readonly users: Users;
}

export class Api extends Construct {
  readonly http: HttpApi;
  private readonly authorizer: IHttpRouteAuthorizer;
  private readonly stage: CfnStage;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ApiProps,
  ) {
    super(scope, id);
    const { settings, contract, users } = props;
    this.authorizer = new HttpJwtAuthorizer('Operators', users.issuer, {
      jwtAudience: [users.app.userPoolClientId],
    });
    const credentials = !settings.allowedOrigins.includes('*');
    this.http = new HttpApi(this, 'Http', {
      apiName: settings.name,
      createDefaultStage: false,
      corsPreflight: {
        allowOrigins: [...settings.allowedOrigins],
        allowMethods: [CorsHttpMethod.ANY],
        allowHeaders: [
          'authorization',
          'content-type',
          'idempotency-key',
          'if-match',
          'if-none-match',
        ],
        exposeHeaders: ['etag', 'location', 'retry-after'],
        allowCredentials: credentials,
        maxAge: Duration.hours(1),
      },
    });
    const accessLog = new LogGroup(this, 'AccessLog', {
      retention: settings.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const stage = new HttpStage(this, 'Stage', {
      httpApi: this.http,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: contract.throttle.perSecond, burstLimit: contract.throttle.burst },
      detailedMetricsEnabled: true,
      accessLogSettings: { destination: new LogGroupLogDestination(accessLog) },
    });
    this.stage = stage.node.defaultChild as CfnStage;

    props.alarms.raise('the API answers 5xx', {
      metric: this.http.metricServerError({ period: Duration.minutes(5), statistic: 'Sum' }),
      threshold: 5,
      means: 'The API failed to answer requests.',
      runbook: 'the-api-answers-5xx',
    });
  }

  /** The API's own host, behind the distribution. */
  get host(): string {
    return `${this.http.apiId}.execute-api.${Stack.of(this).region}.${Stack.of(this).urlSuffix}`;
  }

  /** Routes every operation of the contract to the function of its name. */
  route(functions: readonly RustFunction[]): void {
    const unrouted = new Set(functions);
    const throttles: Record<string, unknown> = {};
    for (const operation of this.props.contract.operations) {
      const target = functions.find((it) => it.bin === operation.id);
      if (target === undefined) {
        throw new Error(
          `Nothing answers ${operation.method} ${operation.path}: there is no function ${operation.id}.`,
        );
      }
      unrouted.delete(target);
      this.add(operation, target);
      if (operation.throttle !== undefined) {
        throttles[`${operation.method} ${operation.path}`] = {
          ThrottlingRateLimit: operation.throttle.perSecond,
          ThrottlingBurstLimit: operation.throttle.burst,
          DetailedMetricsEnabled: true,
        };
      }
    }
    this.refuseOthers();
    for (const { bin } of unrouted) throw new Error(`The contract has no operation ${bin}.`);
    this.stage.routeSettings = throttles;
  }

  /** Whatever the contract does not foresee is answered with a problem, too. */
  private refuseOthers(): void {
    const { contract, ...deployment } = this.props;
    const paths = [...new Set(contract.operations.map(({ path }) => path))];
    const methodsOf = (path: string) =>
      contract.operations.filter((it) => it.path === path).map(({ method }) => method);
    const methods = paths.map((path) => [path, methodsOf(path).join(', ')]);
    const refuse = new RustFunction(this, 'Refuse', {
      ...deployment,
      bin: 'refuse-request',
      description: 'Requests that have no route',
      environment: { CONTRACT_METHODS: JSON.stringify(Object.fromEntries(methods)) },
    });
    const integration = new HttpLambdaIntegration(refuse.bin, refuse.lambda);
    const others = paths.flatMap((path) =>
      this.http.addRoutes({ path, integration, methods: [HttpMethod.ANY] }),
    );
    const unknown = new HttpRoute(this, 'Unknown', {
      httpApi: this.http,
      routeKey: HttpRouteKey.DEFAULT,
      integration,
    });
    for (const route of [...others, unknown]) {
      Validations.of(route).acknowledge({
        id: 'AwsSolutions-APIG4',
        reason: 'It refuses everyone.',
      });
    }
  }

  private add({ id, method, path, scopes }: Operation, target: RustFunction): void {
    const guarded = scopes.length > 0;
    const routes = this.http.addRoutes({
      path,
      methods: [HttpMethod[method as keyof typeof HttpMethod]],
      integration: new HttpLambdaIntegration(id, target.lambda),
      // Scopes are what tells an access token from an ID token, which has none.
      ...(guarded ? { authorizer: this.authorizer, authorizationScopes: [...scopes] } : {}),
    });
    for (const route of routes) {
      // A throttle of a route that does not exist yet is refused.
      this.stage.addResourceDependency(route.node.defaultChild as CfnRoute);
      if (guarded) continue;
      Validations.of(route).acknowledge({
        id: 'AwsSolutions-APIG4',
        reason: `The contract lets anyone call ${id}; what it shows is public.`,
      });
    }
  }
}
