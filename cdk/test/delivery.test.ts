import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  behavior,
  config,
  edge,
  key,
  listReads,
  origin,
  policy,
  responseHeaders,
  runEdge,
} from './distribution.ts';
import {
  CONTRACT,
  ENDPOINT,
  EXISTING,
  MADE,
  PRIVATE,
  type Properties,
  type Stack,
  synthesize,
  vod,
  writeTwoGroups,
} from './synthesis.ts';

const LIST = '/api/competitions/100m-dash/clips';
const CACHING_DISABLED = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';

test('a list is cached for seconds, by its own parameters, and never with a token', () => {
  assert.deepEqual(key(LIST), ['from', 'to', 'order', 'tag', 'limit', 'cursor']);
  assert.deepEqual(
    [policy(LIST)?.['MinTTL'], policy(LIST)?.['DefaultTTL'], policy(LIST)?.['MaxTTL']],
    [0, 0, 10],
  );
  // CloudFront does not forward the token of a GET, unless a policy says so.
  assert.equal(behavior(LIST)['OriginRequestPolicyId'], undefined);
});

test('other API requests are not cached, and keep the token', () => {
  for (const path of [
    '/api/clip',
    '/api/competitions/100m-dash/changes',
    '/api/competitions/100m-dash/changes/20200203133058_20200203133258_k7Qx2f',
    '/api/channels',
    '/api/health',
    '/api/nowhere',
  ]) {
    assert.equal(behavior(path)['CachePolicyId'], CACHING_DISABLED, path);
    assert.equal(
      behavior(path)['OriginRequestPolicyId'],
      'b689b0a8-53d0-40ab-baf2-68738e2966ac',
      path,
    );
    assert.ok(behavior(path)['AllowedMethods'].includes('POST'), path);
  }
});

test('one clip is cached like a list, and a request that changes it keeps its token', () => {
  const clip = `${LIST}/20200203133058_20200203133258_k7Qx2f`;
  assert.deepEqual(
    [policy(clip)?.['MinTTL'], policy(clip)?.['DefaultTTL'], policy(clip)?.['MaxTTL']],
    [0, 0, 10],
  );
  const key = policy(clip)?.['ParametersInCacheKeyAndForwardedToOrigin'];
  assert.equal(key.QueryStringsConfig.QueryStringBehavior, 'none');
  assert.equal(key.HeadersConfig.HeaderBehavior, 'none');
  assert.deepEqual(behavior(clip)['CachedMethods'] ?? ['GET', 'HEAD'], ['GET', 'HEAD']);
  assert.ok(behavior(clip)['AllowedMethods'].includes('PATCH'));
  const token = { authorization: { value: 'Bearer x' } };
  const sent = (method: string) =>
    runEdge(vod(), 'delete request.headers.authorization', { method, headers: { ...token } });
  for (const method of ['GET', 'HEAD']) assert.deepEqual({ ...sent(method)['headers'] }, {});
  for (const method of ['PATCH', 'DELETE', 'POST'])
    assert.deepEqual({ ...sent(method)['headers'] }, token);
});

test('the other routes of a clip get the token and are not cached', () => {
  const clip = `${LIST}/20200203133058_20200203133258_k7Qx2f`;
  const routes = CONTRACT.operations.filter(({ path }) => path.includes('/clips/{clipId}/'));
  assert.ok(routes.length > 0);
  for (const { path } of routes) {
    const {
      CachePolicyId: cache,
      AllowedMethods: methods,
      ...others
    } = behavior(path.replace(/^.*\{clipId\}/, clip));
    assert.equal(cache, CACHING_DISABLED, `${path} is cached`);
    assert.ok(methods.includes('POST'), path);
    assert.equal(others['FunctionAssociations'], undefined, path);
  }
});

test('requests for the same list have the same query at the origin', () => {
  const query = (given: Record<string, string>) => {
    const querystring = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, { value }]),
    );
    const sent = runEdge(vod(), 'querystring', { uri: LIST, querystring })['querystring'];
    return Object.entries<{ value: string }>(sent).map(([name, { value }]) => `${name}=${value}`);
  };
  assert.deepEqual(query({}), []);
  assert.deepEqual(query({ order: 'newest', limit: '50' }), []);
  assert.deepEqual(query({ tag: 'final', limit: '10', cursor: 'abc' }), [
    'cursor=abc',
    'limit=10',
    'tag=final',
  ]);
  assert.deepEqual(query({ utm_source: 'x', _: '17', tag: 'final' }), ['tag=final']);
});

test('the distribution sends a secret header, which functions without a token require', () => {
  const stack = vod();
  const [{ HeaderName: name, HeaderValue: value }] = origin(LIST)['OriginCustomHeaders'];
  assert.equal(name, 'x-matchcut-origin');
  const accepted = (bin: string) =>
    stack.text(stack.function(bin).Properties['Environment'].Variables.ORIGIN_SECRETS);
  const anonymous = CONTRACT.operations.filter(({ scopes }) => scopes.length === 0);
  for (const bin of [...anonymous.map(({ id }) => id), 'refuse-request']) {
    assert.ok(accepted(bin).startsWith(`${stack.text(value)} `), bin);
    assert.equal(accepted(bin).match(/\{\{resolve:secretsmanager:/g)?.length, 2, bin);
  }
});

test('after a rotation, functions already accept what the distribution sends', () => {
  const secrets = (round: number) => {
    const stack = vod({ ...EXISTING, identifierRound: round });
    const { ORIGIN_SECRETS: text } =
      stack.function('list-clips').Properties['Environment'].Variables;
    const [{ HeaderValue: sent }] = origin(LIST, stack)['OriginCustomHeaders'];
    return { accepted: stack.text(text).split(' '), sent: stack.text(sent) };
  };
  assert.equal(secrets(2).sent, secrets(1).accepted[1]);
  assert.notEqual(secrets(2).sent, secrets(1).sent);
});

test('a template has at most 60 references to secrets', () => {
  // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
  const channels = Array.from({ length: 7 }, (_, at) => ({
    id: `c${at}`,
    competition: 'demo',
    originEndpoint: { ...ENDPOINT, cdnIdentifierSecretArn: PRIVATE.playbackKeySecretArn },
  }));
  const stack = vod({ ...EXISTING, ...PRIVATE, channels, packagingGroups: groups });
  const references = JSON.stringify(stack.template).match(/\{\{resolve:/g) ?? [];
  assert.ok(references.length <= 60, `${references.length} references`);
});

test('the firewall of us-east-1 limits each address, unless it is turned off', () => {
  const { Firewall: firewall } = synthesize(EXISTING);
  const acl = firewall?.one('WAFv2::WebACL').Properties ?? {};
  assert.equal(acl['Scope'], 'CLOUDFRONT');
  const [{ Action: action, Statement: statement }] = acl['Rules'];
  const {
    Limit: limit,
    EvaluationWindowSec: window,
    AggregateKeyType: by,
  } = statement.RateBasedStatement;
  assert.deepEqual([limit, window, by], [6000, 60, 'IP']);
  assert.deepEqual(action.Block.CustomResponse.ResponseHeaders, [
    { Name: 'retry-after', Value: '60' },
  ]);
  assert.equal(action.Block.CustomResponse.ResponseCode, 429);
  assert.equal(synthesize({ ...EXISTING, requestsPerAddress: 0 })['Firewall'], undefined);

  const webAclArn = 'arn:aws:wafv2:us-east-1:111122223333:global/webacl/matchcut/1';
  assert.equal(config(vod({ ...EXISTING, webAclArn }))['WebACLId'], webAclArn);
  assert.equal(config(vod())['WebACLId'], undefined);
});

test('resources of CloudFront, which all regions share, have the region in their names', () => {
  const stack = vod();
  const names = [
    ...stack.all('CloudFront::CachePolicy').map((it) => it.Properties['CachePolicyConfig'].Name),
    ...stack
      .all('CloudFront::ResponseHeadersPolicy')
      .map((it) => it.Properties['ResponseHeadersPolicyConfig'].Name),
    ...stack.all('CloudFront::Function').map((it) => it.Properties['Name']),
  ];
  assert.ok(names.length >= 10);
  for (const name of names) assert.match(stack.text(name), /^matchcut-eu-central-1/);
});

test('a live manifest is cached by window, for at most 5 s', () => {
  const manifest = '/live/main/out/v1/0123abc/index.m3u8';
  assert.deepEqual([...key(manifest)].sort(), ['aws.manifestfilter', 'end', 'm', 'start']);
  assert.ok(policy(manifest)?.['MaxTTL'] <= 5);
  assert.deepEqual(key('/live/main/out/v1/0123abc/index_1_2.ts'), ['m']);
  assert.equal(origin(manifest)['DomainName'], 'abc.mediapackage.eu-central-1.amazonaws.com');
});

test('manifests of assets are cached for minutes, segments for up to a year', () => {
  const asset = '/vod/out/v1/1d9c5b7a/6e02f4/a81b3c';
  for (const name of ['index.m3u8', 'index.mpd'])
    assert.equal(policy(`${asset}/${name}`)?.['MaxTTL'], 300);
  assert.equal(policy(`${asset}/index_1_2.ts`)?.['MaxTTL'], 365 * 24 * 3600);
});

test('shared pages, feeds and oEmbed are cached for up to a minute, without tokens', () => {
  const cached: Record<string, string[] | undefined> = {
    '/c/100m-dash/20200203133058_20200203133258_k7Qx2f': undefined,
    '/feeds/100m-dash/media.rss': undefined,
    '/feeds/100m-dash/sitemap.xml': undefined,
    '/api/oembed': ['url', 'maxwidth', 'maxheight', 'format'],
  };
  for (const [path, parameters] of Object.entries(cached)) {
    assert.deepEqual(key(path), parameters, path);
    assert.deepEqual([policy(path)?.['MinTTL'], policy(path)?.['MaxTTL']], [0, 60], path);
    assert.equal(behavior(path)['OriginRequestPolicyId'], undefined, path);
    assert.match(vod().text(origin(path)['DomainName']), /execute-api/, path);
  }
});

test('no cache key and no origin request contains cookies, tokens or signatures', () => {
  for (const stack of [vod(), vod({ ...EXISTING, ...PRIVATE })]) {
    for (const it of stack.all('CloudFront::CachePolicy')) {
      const {
        CookiesConfig: cookies,
        HeadersConfig: headers,
        QueryStringsConfig: query,
      } = it.Properties['CachePolicyConfig'].ParametersInCacheKeyAndForwardedToOrigin;
      assert.equal(cookies.CookieBehavior, 'none');
      assert.equal(headers.HeaderBehavior, 'none');
      assert.match(query.QueryStringBehavior, /^(whitelist|none)$/);
      const signature = ['Expires', 'Policy', 'Signature', 'Key-Pair-Id', 'Hash-Algorithm'];
      assert.deepEqual(
        (query.QueryStrings ?? []).filter((name: string) => signature.includes(name)),
        [],
      );
    }
  }
});

test('an error is cached for one second', () => {
  for (const it of config(vod())['CustomErrorResponses'])
    assert.equal(it.ErrorCachingMinTTL, 1, it.ErrorCode);
  assert.ok(
    config(vod())['CustomErrorResponses'].some((it: Properties) => it['ErrorCode'] === 404),
  );
});

test('every response has security headers, and pages of other origins can read the API', () => {
  const headers = (settings: object = {}) =>
    responseHeaders('/api/health', vod({ ...EXISTING, ...settings }));
  const { SecurityHeadersConfig: security, CorsConfig: cors } = headers();
  assert.deepEqual(Object.keys(security).sort(), [
    'ContentSecurityPolicy',
    'ContentTypeOptions',
    'FrameOptions',
    'ReferrerPolicy',
    'StrictTransportSecurity',
  ]);
  assert.deepEqual(cors.AccessControlAllowOrigins.Items, ['*']);
  assert.equal(headers({ ...PRIVATE, allowedOrigins: [] })['CorsConfig'], undefined);
  const { CacheBehaviors: others, DefaultCacheBehavior: otherwise } = config(vod());
  for (const it of [...others, otherwise]) {
    assert.ok(it.ResponseHeadersPolicyId, it.PathPattern);
    assert.equal(it.ViewerProtocolPolicy, 'redirect-to-https');
  }
});

test('the distribution sends the CDN identifier to MediaPackage', () => {
  const header = (path: string, stack: Stack) =>
    origin(path, stack)['OriginCustomHeaders'] as Properties[] | undefined;
  const [vodHeader] = header('/vod/out/v1/a', vod()) ?? [];
  assert.equal(vodHeader?.['HeaderName'], 'X-MediaPackage-CDNIdentifier');
  assert.match(
    vod().text(vodHeader?.['HeaderValue']),
    /^\{\{resolve:secretsmanager:<AssetCdnIdentifierSecret>:SecretString:MediaPackageCDNIdentifier::\}\}$/,
  );
  assert.equal(
    header('/live/main/out/v1/a', vod()),
    undefined,
    'an endpoint without CDN authorization gets no header',
  );
  assert.equal(
    header('/live/main/out/v1/a', vod(MADE))?.[0]?.['HeaderName'],
    'X-MediaPackage-CDNIdentifier',
  );
  assert.equal(header('/api/health', vod())?.length, 1, 'the API gets its own header only');
});

test('thumbnails and clips without an asset come from the bucket', () => {
  const stack = vod();
  const { DomainName: host } = origin('/vod/thumbnails/a/b/thumbnail.0000000.jpg');
  assert.equal(stack.text(host), '<ClipBucket>');
  assert.equal(stack.text(origin('/vod/clips/demo/a/1/index.m3u8')['DomainName']), '<ClipBucket>');
  const reads = listReads(stack, stack.at(host).id);
  assert.deepEqual(
    reads.map((read) => [read['Action'], stack.text(read['Resource'])]),
    [
      ['s3:GetObject', '<ClipBucket>/thumbnails/*'],
      ['s3:GetObject', '<ClipBucket>/clips/*'],
    ],
  );
  for (const read of reads) assert.ok(read['Condition'].StringEquals['AWS:SourceArn']);
});

test('path prefixes are removed before the origin request', () => {
  const check = (uri: string, expected: string) => assert.equal(edge(vod(), 'live', uri), expected);
  check('/live/main/out/v1/0123abc/index.m3u8', '/out/v1/0123abc/index.m3u8');
  check('/vod/out/v1/1d9c5b7a/a/index.m3u8', '/out/v1/1d9c5b7a/a/index.m3u8');
  check('/vod/thumbnails/a/b/thumbnail.0000000.jpg', '/thumbnails/a/b/thumbnail.0000000.jpg');
  check('/vod/out/v1/live/main/index.m3u8', '/out/v1/live/main/index.m3u8');
});

/** A folder with two packaging groups. */
const groups = writeTwoGroups();

test('each packaging group has its own path prefix and origin', () => {
  const stack = vod({ ...EXISTING, packagingGroups: groups });
  const hosts = (path: string) =>
    stack.text(origin(path, stack)['DomainName']['Fn::Select'][1]['Fn::Split'][1]);
  for (const file of ['index.m3u8', 'index.mpd', 'index_1_2.ts']) {
    assert.equal(hosts(`/vod/out/v1/a/b/c/${file}`), '<AssetPackagingGroup>', file);
    assert.equal(hosts(`/vod/2/out/v1/a/b/c/${file}`), '<AssetPackagingsecondGroup>', file);
    assert.deepEqual(
      policy(`/vod/2/out/v1/a/b/c/${file}`, stack),
      policy(`/vod/out/v1/a/b/c/${file}`, stack),
      file,
    );
  }
  assert.equal(
    origin('/vod/2/out/v1/a', stack)['OriginCustomHeaders'][0].HeaderName,
    'X-MediaPackage-CDNIdentifier',
  );
  assert.equal(edge(stack, 'live', '/vod/2/out/v1/a/b/c/index.m3u8'), '/out/v1/a/b/c/index.m3u8');
});

test('too many channels and packaging groups are refused before the deployment', () => {
  const channels = (count: number) =>
    Array.from({ length: count }, (_, at) => ({
      id: `c${at}`,
      competition: 'demo',
      originEndpoint: ENDPOINT,
    }));
  const stack = vod({ ...EXISTING, channels: channels(7) });
  assert.ok(config(stack)['CacheBehaviors'].length < 75);
  const refuse = (settings: object, expected: RegExp) =>
    assert.throws(() => vod({ ...EXISTING, ...settings }), expected);
  refuse(
    { channels: channels(32) },
    /^SettingsError: .*32 channels, so the distribution needs 78 behaviors, and the quota is 75\. .* set distributionBehaviors to it/,
  );
  refuse(
    { channels: channels(31), packagingGroups: groups },
    /^SettingsError: .*31 channels, so the distribution needs 79 behaviors, and the quota is 75/,
  );
});

test('a domain and Origin Shield can be configured', () => {
  const stack = vod({
    ...EXISTING,
    domain: 'clips.example.com',
    certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/1',
    originShield: true,
  });
  assert.deepEqual(config(stack)['Aliases'], ['clips.example.com']);
  assert.equal(config(stack)['ViewerCertificate'].MinimumProtocolVersion, 'TLSv1.2_2021');
  assert.equal(
    (stack.template['Outputs'] as any).VodBaseUrl.Value,
    'https://clips.example.com/vod',
  );
  assert.equal(origin('/vod/out/v1/a', stack)['OriginShield'].OriginShieldRegion, 'eu-central-1');
  assert.notEqual(origin('/vod/out/v1/a')['OriginShield']?.Enabled, true);
});
