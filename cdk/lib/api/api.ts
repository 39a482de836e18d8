/** The HTTP API: its routes, scopes and throttles are read from the contract. */

import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import {
  type CfnRoute,
  type CfnStage,
  CorsHttpMethod,
  HttpApi,
  type HttpApiProps,
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

import { computeFailureShare } from '../alarms/alarms.ts';
import { type Deployment, RustFunction } from '../function/function.ts';
import type { Contract, Operation } from './contract.ts';
import type { Login } from './login.ts';
import type { Machines } from './machines.ts';
import type { OriginSecret } from './origin-secret.ts';

/** Of all requests in a minute. */
const MAX_FAILED_PERCENT = 5;

export interface ApiProps extends Deployment {
  readonly contract: Contract;
  readonly originSecret: OriginSecret;
}

export class Api extends Construct {
  readonly http: HttpApi;
  private readonly stage: CfnStage;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ApiProps,
  ) {
    super(scope, id);
    const { settings, contract } = props;
    this.http = new HttpApi(this, 'Http', {
      apiName: settings.name,
      createDefaultStage: false,
      ...createPreflight(settings.allowedOrigins),
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

    const sum = { period: Duration.minutes(1), statistic: 'Sum' };
    props.alarms.addAlarm('the API returns 5xx', {
      id: 'the API answers 5xx',
      metric: computeFailureShare(
        this.http.metricServerError(sum),
        this.http.metricCount(sum),
        sum.period,
      ),
      threshold: MAX_FAILED_PERCENT,
      periods: 5,
      datapoints: 3,
      missingData: 'good',
      cause: 'failing',
      description: `In 3 of 5 minutes, API Gateway answered at least ${MAX_FAILED_PERCENT} % of the requests with a 5xx status.`,
      runbook: 'the-api-returns-5xx',
    });
  }

  /** The host of API Gateway, which the distribution uses as its origin. */
  get host(): string {
    return `${this.http.apiId}.execute-api.${Stack.of(this).region}.${Stack.of(this).urlSuffix}`;
  }

  /** Adds a route for each operation of the contract. The function has the operation's id as its name. */
  addRoutes(functions: readonly RustFunction[], login: Login, machines: Machines): void {
    const clients = [login.app, ...machines.clients.values()];
    const authorizer = new HttpJwtAuthorizer('Operators', login.users.issuer, {
      jwtAudience: clients.map((client) => client.userPoolClientId),
    });
    const unrouted = new Set(functions);
    const throttles: Record<string, unknown> = {};
    for (const operation of this.props.contract.operations) {
      const target = functions.find((it) => it.bin === operation.id);
      if (target === undefined) {
        throw new Error(
          `The operation ${operation.method} ${operation.path} of the contract has no function ${operation.id}.`,
        );
      }
      unrouted.delete(target);
      this.addRoute(operation, target, authorizer);
      // Routes without a setting of their own may share one bucket with requests for unknown paths.
      throttles[`${operation.method} ${operation.path}`] = {
        ThrottlingRateLimit: operation.throttle.perSecond,
        ThrottlingBurstLimit: operation.throttle.burst,
        DetailedMetricsEnabled: true,
      };
      if (operation.scopes.length === 0) this.protect(target);
    }
    this.addRefusals();
    for (const { bin } of unrouted)
      throw new Error(`The function ${bin} has no operation in the contract.`);
    this.stage.routeSettings = throttles;
  }

  /** Lets a function behind a route without a token answer only the distribution, and limits its concurrency. */
  private protect(target: RustFunction): void {
    const { settings, contract, originSecret } = this.props;
    for (const [name, value] of Object.entries(originSecret.environment))
      target.lambda.addEnvironment(name, value);
    const limit = settings.publicConcurrency ?? contract.publicConcurrency;
    if (limit > 0) target.limitConcurrency(limit);
  }

  /** Answers requests outside of the contract with a problem. */
  private addRefusals(): void {
    const { contract, originSecret: _, ...deployment } = this.props;
    const paths = [...new Set(contract.operations.map(({ path }) => path))];
    const listMethods = (path: string) =>
      contract.operations.filter((it) => it.path === path).map(({ method }) => method);
    const methods = paths.map((path) => [path, listMethods(path).join(', ')]);
    const refuse = new RustFunction(this, 'Refuse', {
      ...deployment,
      bin: 'refuse-request',
      description: 'Refuses requests without a route',
      environment: { CONTRACT_METHODS: JSON.stringify(Object.fromEntries(methods)) },
    });
    this.protect(refuse);
    // One permission for all of its routes: a stack has 500 resources at most.
    const integration = new HttpLambdaIntegration(refuse.bin, refuse.lambda, {
      scopePermissionToRoute: false,
    });
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
        reason: 'The route refuses every request.',
      });
    }
  }

  private addRoute(
    { id, method, path, scopes }: Operation,
    target: RustFunction,
    authorizer: IHttpRouteAuthorizer,
  ): void {
    const isAuthorized = scopes.length > 0;
    const routes = this.http.addRoutes({
      path,
      methods: [HttpMethod[method as keyof typeof HttpMethod]],
      integration: new HttpLambdaIntegration(id, target.lambda),
      // The scopes keep out ID tokens, which have none.
      ...(isAuthorized ? { authorizer, authorizationScopes: [...scopes] } : {}),
    });
    for (const route of routes) {
      // API Gateway refuses a throttle for a route that does not exist yet.
      this.stage.addResourceDependency(route.node.defaultChild as CfnRoute);
      if (isAuthorized) continue;
      Validations.of(route).acknowledge({
        id: 'AwsSolutions-APIG4',
        reason: `The contract lets anyone call ${id}. Its response is public.`,
      });
    }
  }
}

/** Answers the preflight requests of other origins. Without other origins, there are none. */
function createPreflight(origins: readonly string[]): Pick<HttpApiProps, 'corsPreflight'> {
  if (origins.length === 0) return {};
  return {
    corsPreflight: {
      allowOrigins: [...origins],
      allowMethods: [CorsHttpMethod.ANY],
      allowHeaders: [
        'authorization',
        'content-type',
        'idempotency-key',
        'if-match',
        'if-none-match',
      ],
      exposeHeaders: ['etag', 'location', 'retry-after'],
      allowCredentials: !origins.includes('*'),
      maxAge: Duration.hours(1),
    },
  };
}
