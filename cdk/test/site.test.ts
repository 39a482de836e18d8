import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { readPageHeaders } from '../lib/delivery/page-headers.ts';
import { behavior, edge, listReads, origin, policy, responseHeaders } from './distribution.ts';
import { EXISTING, MADE, PRIVATE, type Properties, type Stack, vod } from './synthesis.ts';

const folder = mkdtempSync(join(tmpdir(), 'matchcut-site-'));
after(() => rmSync(folder, { recursive: true }));

/** The settings with a branding. */
function branded(branding: object): Record<string, unknown> {
  const file = join(mkdtempSync(join(folder, 'b-')), 'branding.json');
  writeFileSync(file, JSON.stringify(branding));
  return { ...EXISTING, branding: file };
}

/** The directives of the Content Security Policy of a path. */
function contentPolicy(path: string, stack: Stack = vod()): Map<string, string> {
  const { ContentSecurityPolicy: it } = responseHeaders(path, stack)['SecurityHeadersConfig'];
  const text = stack.text(it.ContentSecurityPolicy);
  return new Map(text.split('; ').map((directive) => splitOnce(directive)));
}

function splitOnce(text: string): [string, string] {
  const [name = '', ...values] = text.split(' ');
  return [name, values.join(' ')];
}

const PAGES = [
  '/',
  '/console',
  '/console/clips',
  '/w/100m-dash',
  '/assets/watch.js',
  '/config.json',
];

test('pages and their files come from the bucket of the site, with GET only', () => {
  for (const path of [...PAGES, '/embed/100m-dash/a']) {
    assert.equal(vod().text(origin(path)['DomainName']), '<DeliverySiteBucket>', path);
    assert.equal(behavior(path)['AllowedMethods'], undefined, path);
    assert.ok(behavior(path)['Compress'], path);
    // The `cache-control` of the uploaded files decides.
    assert.deepEqual([policy(path)?.['MinTTL'], policy(path)?.['DefaultTTL']], [0, 0], path);
  }
});

test('only the distribution can read the bucket of the site, and a missing file is a 404', () => {
  const stack = vod();
  const reads = listReads(stack, stack.at(origin('/console')['DomainName']).id);
  assert.deepEqual(
    reads.map((it) => [it['Action'], stack.text(it['Resource'])]),
    [
      ['s3:GetObject', '<DeliverySiteBucket>/*'],
      ['s3:ListBucket', '<DeliverySiteBucket>'],
    ],
  );
  for (const it of reads) {
    assert.deepEqual(it['Principal'], { Service: 'cloudfront.amazonaws.com' });
    assert.ok(it['Condition'].StringEquals['AWS:SourceArn']);
  }
});

test('each path of a page is its file, and other paths are files of the bucket', () => {
  const check = (uri: string, expected: string | number) =>
    assert.equal(edge(vod(), 'PAGES', uri), expected, uri);
  check('/', 302);
  check('/console', '/console.html');
  check('/console/clips', '/console.html');
  check('/w/100m-dash', '/watch.html');
  check('/embed/100m-dash/20200203133058_20200203133258_k7Qx2f', '/embed.html');
  check('/assets/watch.js', '/assets/watch.js');
  check('/config.json', '/config.json');
  check('/watch', '/watch');
  check('/consoles', '/consoles');
  for (const path of ['/console', '/w/100m-dash', '/embed/a/b', '/assets/hls-D4f9a8Bc.js'])
    assert.equal(behavior(path)['FunctionAssociations']?.length, 1, path);
});

test('the headers of pages are those of console/headers.json', () => {
  const { site, embed } = readPageHeaders();
  for (const [path, template] of [
    ['/console', site],
    ['/c/100m-dash/a', site],
    ['/embed/100m-dash/a', embed],
  ] as const) {
    const { SecurityHeadersConfig: security, CustomHeadersConfig: custom } = responseHeaders(path);
    const names: Record<string, string> = {
      ContentSecurityPolicy: 'content-security-policy',
      ContentTypeOptions: 'x-content-type-options',
      FrameOptions: 'x-frame-options',
      ReferrerPolicy: 'referrer-policy',
      StrictTransportSecurity: 'strict-transport-security',
    };
    const sent = [
      ...Object.keys(security).map((name) => names[name]),
      ...custom.Items.map((it: Properties) => it['Header']),
    ];
    assert.deepEqual(sent.sort(), [...Object.keys(template), 'strict-transport-security'].sort());
    assert.deepEqual(
      [...contentPolicy(path).keys()],
      [template['content-security-policy']].flat().map((it) => splitOnce(it ?? '')[0]),
    );
    for (const { Header: name, Value: value, Override: override } of custom.Items) {
      assert.equal(value, template[name]);
      assert.equal(override, true);
    }
    for (const it of Object.values<Properties>(security)) assert.equal(it['Override'], true);
  }
});

test('a page can connect to the login and to the bucket of uploads, and nowhere else', () => {
  const stack = vod({ ...EXISTING, name: 'games' });
  assert.equal(
    contentPolicy('/console', stack).get('connect-src'),
    "'self' https://games-111122223333.auth.eu-central-1.amazoncognito.com https://<UploadOriginals>",
  );
  assert.equal(contentPolicy('/embed/a/b', stack).get('connect-src'), "'self'");
  for (const path of ['/console', '/embed/a/b']) {
    const directives = contentPolicy(path, stack);
    assert.equal(directives.get('script-src'), "'self'");
    assert.equal(directives.get('default-src'), "'none'");
    // CloudFront's maximum.
    assert.ok([...directives].flat().join(' ; ').length < 1783);
  }
});

test('the branding says which pages may embed clips, and nobody may embed the others', () => {
  const ancestors = (branding: object, path: string) =>
    contentPolicy(path, vod(branded(branding))).get('frame-ancestors');
  assert.equal(ancestors({}, '/embed/a/b'), "'self' *");
  assert.equal(ancestors({ embed: [] }, '/embed/a/b'), "'self'");
  const two = { embed: ['https://news.example.com', 'https://*.example.org'] };
  assert.equal(
    ancestors(two, '/embed/a/b'),
    "'self' https://news.example.com https://*.example.org",
  );
  for (const path of ['/console', '/w/a', '/c/a/b'])
    assert.equal(ancestors(two, path), "'none'", path);
  const security = (path: string) => responseHeaders(path)['SecurityHeadersConfig'];
  assert.equal(security('/embed/a/b').FrameOptions, undefined);
  assert.equal(security('/console').FrameOptions.FrameOption, 'DENY');
});

test('the console can send files to the bucket, whatever other origins are allowed', () => {
  const origins = (settings: object) => {
    const buckets = vod({ ...EXISTING, ...settings }).all('S3::Bucket');
    const [cors] = buckets.flatMap((it) => it.Properties['CorsConfiguration']?.CorsRules ?? []);
    return cors.AllowedOrigins;
  };
  assert.deepEqual(origins({}), ['*']);
  assert.deepEqual(origins(PRIVATE), ['https://app.example.com', 'https://clips.example.com']);
  const domain = {
    domain: 'clips.example.com',
    certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/1',
  };
  assert.deepEqual(origins({ ...PRIVATE, allowedOrigins: [], ...domain }), [
    'https://clips.example.com',
  ]);
});

test('shared pages have the name of the branding', () => {
  for (const bin of ['show-page', 'describe-embed', 'show-feed', 'show-sitemap']) {
    const { SITE_NAME: name } = vod(branded({ name: 'Games 2026' })).function(bin).Properties[
      'Environment'
    ].Variables;
    assert.equal(name, 'Games 2026', bin);
  }
});

test('config.json has what the console needs to sign in, call and send', () => {
  const config = (settings: object) => {
    const stack = vod({ ...MADE, ...settings });
    const { ConsoleConfig: output } = stack.template['Outputs'] as Record<string, Properties>;
    return JSON.parse(stack.text(output?.['Value'])) as Properties;
  };
  const login = 'https://matchcut-111122223333.auth.eu-central-1.amazoncognito.com';
  const { version } = JSON.parse(
    readFileSync(`${import.meta.dirname}/../package.json`, 'utf8'),
  ) as Properties;
  assert.deepEqual(config({}), {
    login: {
      issuer: 'https://cognito-idp.eu-central-1.amazonaws.com/<UsersPool>',
      authorizationEndpoint: `${login}/oauth2/authorize`,
      tokenEndpoint: `${login}/oauth2/token`,
      revocationEndpoint: `${login}/oauth2/revoke`,
      logoutEndpoint: `${login}/logout`,
      clientId: '<UsersPoolApp>',
      scopes: ['openid', 'matchcut/clips.read', 'matchcut/clips.write', 'matchcut/channels.write'],
    },
    private: false,
    uploads: 'https://<UploadOriginals>',
    version,
  });
  assert.equal(config(PRIVATE)['private'], true);
});
