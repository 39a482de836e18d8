import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CONTRACT, EXISTING, PRIVATE, type Resource, type Stack, vod } from './synthesis.ts';

const api = (settings: object = {}) => vod({ ...EXISTING, ...settings });

const route = (key: string): Resource => {
  const found = api()
    .all('ApiGatewayV2::Route')
    .find((it) => it.Properties['RouteKey'] === key);
  assert.ok(found, `route ${key} was not found`);
  return found;
};

/** The binary behind a route. */
const behind = (key: string): string => {
  const [, integration] = route(key).Properties['Target']['Fn::Join'][1];
  const uri = api().template.Resources[integration.Ref]?.Properties?.['IntegrationUri'] as any;
  return String(
    api().template.Resources[uri['Fn::GetAtt'][0]]?.Properties?.['FunctionName'],
  ).replace('matchcut-', '');
};

test('each operation of the contract has a route to its function, and there are no others', () => {
  const keys = CONTRACT.operations.map(({ id, method, path }) => {
    assert.equal(behind(`${method} ${path}`), id);
    return `${method} ${path}`;
  });
  const others = api()
    .all('ApiGatewayV2::Route')
    .map((it) => String(it.Properties['RouteKey']))
    .filter((key) => !keys.includes(key));
  assert.ok(others.includes('$default'));
  for (const other of others) {
    assert.match(other, /^(\$default|ANY \/(api|c|feeds)\/.*)$/);
    assert.equal(behind(other), 'refuse-request');
  }
});

test('a route requires the scopes of the contract, or no token if there are none', () => {
  for (const { method, path, scopes } of CONTRACT.operations) {
    const { AuthorizationType: type, AuthorizationScopes: allowed } = route(
      `${method} ${path}`,
    ).Properties;
    assert.deepEqual(
      [type, allowed ?? []],
      scopes.length === 0 ? ['NONE', []] : ['JWT', scopes],
      path,
    );
  }
});

test('a function without an operation is refused, and so is the reverse', () => {
  const operations = CONTRACT.operations.filter(({ id }) => id !== 'create-clip');
  assert.throws(
    () => vod(EXISTING, { ...CONTRACT, operations }),
    /^Error: The function create-clip has no operation in the contract\.$/,
  );
  const another = {
    ...CONTRACT.operations[0],
    id: 'praise-clip',
    path: '/api/praise',
  } as (typeof operations)[0];
  assert.throws(
    () => vod(EXISTING, { ...CONTRACT, operations: [...CONTRACT.operations, another] }),
    /^Error: The operation POST \/api\/praise of the contract has no function praise-clip\.$/,
  );
});

test('creating a clip requires a scope, which ID tokens do not have', () => {
  assert.deepEqual(route('POST /api/clip').Properties['AuthorizationScopes'], [
    'matchcut/clips.write',
  ]);
});

test('starting and stopping a channel has a scope of its own', () => {
  for (const key of ['POST /api/channels/{channelId}/start', 'POST /api/channels/{channelId}/stop'])
    assert.deepEqual(route(key).Properties['AuthorizationScopes'], ['matchcut/channels.write']);
});

test('only tokens of our user pool for our client are accepted', () => {
  const { JwtConfiguration: jwt, IdentitySource: source } = api().one(
    'ApiGatewayV2::Authorizer',
  ).Properties;
  assert.deepEqual(source, ['$request.header.Authorization']);
  assert.equal(
    api().text(jwt.Issuer),
    'https://cognito-idp.eu-central-1.amazonaws.com/<UsersPool>',
  );
  assert.deepEqual(
    jwt.Audience.map((it: unknown) => api().text(it)),
    ['<UsersPoolApp>'],
  );
});

test('the throttles are those of the contract', () => {
  const stage = api().one('ApiGatewayV2::Stage').Properties;
  assert.equal(stage['DefaultRouteSettings'].ThrottlingRateLimit, CONTRACT.throttle.perSecond);
  assert.equal(stage['DefaultRouteSettings'].ThrottlingBurstLimit, CONTRACT.throttle.burst);
  const own = CONTRACT.operations.map(({ method, path, throttle }) => [
    `${method} ${path}`,
    throttle.perSecond,
    throttle.burst,
  ]);
  const set = Object.entries<any>(stage['RouteSettings']).map(([key, it]) => [
    key,
    it.ThrottlingRateLimit,
    it.ThrottlingBurstLimit,
  ]);
  assert.deepEqual(set, own);
});

test('anonymous requests cannot take the concurrency of the functions of operators and events', () => {
  const anonymous = CONTRACT.operations.filter(({ scopes }) => scopes.length === 0);
  const limited = (stack: Stack) =>
    stack.bins().filter((bin) => {
      const limit = stack.function(bin).Properties['ReservedConcurrentExecutions'];
      return bin !== 'sweep-library' && limit !== undefined;
    });
  const expected = [...anonymous.map(({ id }) => id), 'refuse-request'].sort();
  assert.deepEqual(limited(api()), expected);
  assert.equal(
    api().function('list-clips').Properties['ReservedConcurrentExecutions'],
    CONTRACT.publicConcurrency,
  );
  // An account of 1,000 keeps at least 100 for all other functions.
  assert.ok(expected.length * CONTRACT.publicConcurrency + 1 + 100 <= 1000);
  assert.deepEqual(limited(api({ publicConcurrency: 0 })), []);
});

test('each security scheme of the contract has a group, whose scopes are in its tokens', () => {
  const stack = api();
  const groups = stack.all('Cognito::UserPoolGroup').map((it) => it.Properties['GroupName']);
  assert.deepEqual(groups.sort(), [...CONTRACT.groups.keys()].sort());
  const { GROUP_SCOPES: scopes } =
    stack.function('scope-token').Properties['Environment'].Variables;
  assert.deepEqual(JSON.parse(scopes), {
    viewer: ['matchcut/clips.read'],
    operator: ['matchcut/clips.write', 'matchcut/channels.write'],
  });
  const trigger =
    stack.one('Cognito::UserPool').Properties['LambdaConfig'].PreTokenGenerationConfig;
  assert.equal(trigger.LambdaVersion, 'V2_0');
  assert.equal(trigger.LambdaArn['Fn::GetAtt'][0], stack.function('scope-token').id);
});

test('users cannot sign up by themselves', () => {
  assert.equal(
    api().one('Cognito::UserPool').Properties['AdminCreateUserConfig'].AllowAdminCreateUserOnly,
    true,
  );
  assert.equal(api().one('Cognito::UserPoolClient').Properties['GenerateSecret'], false);
});

test('browsers can send credentials only from configured origins', () => {
  const cors = (settings: object) =>
    api(settings).one('ApiGatewayV2::Api').Properties['CorsConfiguration'];
  assert.equal(cors({}).AllowCredentials, false);
  assert.deepEqual(cors({}).AllowOrigins, ['*']);
  assert.equal(cors(PRIVATE).AllowCredentials, true);
  assert.deepEqual(cors(PRIVATE).AllowOrigins, PRIVATE.allowedOrigins);
  // The deployment's own pages need no permission.
  assert.equal(cors({ ...PRIVATE, allowedOrigins: [] }), undefined);
});
