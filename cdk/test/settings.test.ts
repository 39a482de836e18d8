import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { readSettings } from '../lib/settings/read-settings.ts';
import { ENDPOINT, EXISTING, MADE, PRIVATE, WEBHOOK } from './synthesis.ts';

function check(wrong: Record<string, unknown>, ...sentences: RegExp[]): void {
  let message = '';
  try {
    readSettings({ ...MADE, ...wrong });
  } catch (error) {
    message = (error as Error).message;
  }
  const lines = message.split('\n');
  assert.equal(lines.length, sentences.length, `${JSON.stringify(wrong)}: ${message}`);
  for (const sentence of sentences) assert.match(message, sentence);
}

test('a wrong setting is refused with the expected values', () => {
  check({ name: 'Match Cut' }, /^Setting name is Match Cut\. It must be 1 to 20 lowercase letters/);
  check({ region: 'Frankfurt' }, /^Setting region is Frankfurt\. It must be a region such as/);
  check({ account: '12' }, /12 digits/);
  check({ architecture: 'mips' }, /x86_64 or arm64/);
  check(
    { segmentSeconds: '2.5' },
    /^Setting segmentSeconds is 2.5\. It must be a whole number from 1 to 30\.$/,
  );
  check({ startoverSeconds: 1_209_601 }, /whole number from 60 to 1209600/);
  check({ redundant: 'yes' }, /^Setting redundant is yes\. It must be true or false\.$/);
  check({ encoders: 'everywhere' }, /encoders is everywhere\. It must be a CIDR block/);
  check(
    { ladder: [{ width: 1920, height: 1080 }] },
    /^Setting ladder\[0\]\.bitrate is missing\. .* whole number/,
  );
  check({ ladder: '[' }, /^Setting ladder is not valid JSON\.$/m, /^Setting ladder is empty/m);
  check(
    { drm: 'on' },
    /^Setting drm is not valid JSON\.$/m,
    /^Setting drm is \[\]\. It must be a JSON object\.$/m,
  );
  check({ alarmEmail: 'nobody' }, /an e-mail address/);
  check({ logDays: 31 }, /^Setting logDays must be one of 1, 3, 5/);
  check(
    { channels: [{ id: 'main', competition: 'a_b' }] },
    /channels\[0\]\.competition is a_b\. .* letters, digits and hyphens/,
  );
});

test('an unknown setting is refused with a list of the known ones', () => {
  check({ retention: 3 }, /^Unknown setting retention\. Known settings: name, account, region/);
  check(
    { channels: [{ id: 'main', competition: 'demo', url: 'x' }] },
    /Unknown setting channels\[0\]\.url\. Known settings: originEndpoint, input, audio, captions, clipFiles, precision, id, competition/,
  );
});

test('contradictory settings are refused', () => {
  check({ encoders: [] }, /^Setting encoders is missing\. Set the addresses/);
  check({ encoders: ['0.0.0.0/0'] }, /whole Internet/);
  check({ channels: [] }, /^Setting channels is empty/);
  check(
    {
      channels: [
        { id: 'a', competition: 'x' },
        { id: 'a', competition: 'y' },
      ],
    },
    /two channels named a/,
  );
  check({ segmentSeconds: 30, startoverSeconds: 60 }, /at least ten times segmentSeconds/);
  check(
    { frameRate: '29.97' },
    /^Setting frameRate is 29.97\. It must be .* such as .*30000\/1001/,
  );
  check({ frameRate: 120 }, /^Setting frameRate is 120\. It must be .* up to 60/);
  check(
    { frameRate: '25/2', segmentSeconds: 1 },
    /^Setting frameRate does not fit segmentSeconds: .* the nearest one lasts 1\.040 s/,
  );
  check(
    { domain: 'clips.example.com' },
    /^Settings domain and certificateArn must be set together/,
  );
  check({ monthlyBudget: 100 }, /^Setting monthlyBudget needs the setting alarmEmail/);
  check(
    {
      drm: {
        url: 'https://a1.execute-api.eu-central-1.amazonaws.com/p/keys',
        systems: ['widevine'],
      },
    },
    /must include fairplay/,
  );
  check(
    {
      drm: {
        url: 'https://a1.execute-api.eu-central-1.amazonaws.com/p/keys',
        systems: ['fairplay'],
      },
    },
    /must include widevine or playready/,
  );
  check(
    { viewerAccess: 'private', allowedOrigins: '*' },
    /^A private library needs the settings playbackKeySecretArn/,
    /^Setting allowedOrigins of a private library must contain https origins only/m,
    /^Setting domain is missing\. A private library needs a domain of your own/m,
  );
  check({ ...PRIVATE, allowedOrigins: '*' }, /^Setting allowedOrigins of a private library/);
  const secret = (cdnIdentifierSecretArn: string) => ({ ...ENDPOINT, cdnIdentifierSecretArn });
  const arn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:s';
  check(
    {
      channels: [
        { id: 'a', competition: 'x' },
        { id: 'b', competition: 'x', originEndpoint: secret(arn) },
      ],
    },
    /different CDN identifiers/,
  );
});

test('webhooks need https and a unique name, and there are at most 5', () => {
  assert.deepEqual(readSettings({ ...MADE, webhooks: JSON.stringify([WEBHOOK]) }).webhooks, [
    WEBHOOK,
  ]);
  check(
    { webhooks: [{ ...WEBHOOK, url: 'http://news.example.com' }] },
    /^Setting webhooks\[0\]\.url is http:.*\. It must be an https URL/,
  );
  check(
    { webhooks: [{ ...WEBHOOK, url: 'https://me:word@news.example.com' }] },
    /without a user name/,
  );
  check({ webhooks: [{ ...WEBHOOK, secretArn: 'whsec_AAAA' }] }, /the ARN of a secret/);
  check({ marksWebhookSecretArn: 'whsec_AAAA' }, /the ARN of a secret/);
  check({ webhooks: [WEBHOOK, WEBHOOK] }, /two subscribers named newsroom/);
  const many = Array.from({ length: 6 }, (_, at) => ({ ...WEBHOOK, name: `w${at}` }));
  check({ webhooks: many }, /has 6 subscribers\. The maximum is 5/);
});

test('machines have a unique name and scopes, and there are at most 49', () => {
  const machine = { name: 'newsroom', scopes: ['matchcut/clips.write'] };
  assert.deepEqual(readSettings({ ...MADE, machines: JSON.stringify([machine]) }).machines, [
    machine,
  ]);
  check({ machines: [machine, machine] }, /two machines named newsroom/);
  check({ machines: [{ name: 'a' }] }, /^Setting machines gives a no scopes\. Set scopes/);
  check({ machines: [{ ...machine, scopes: ['write'] }] }, /a scope of the contract such as/);
  const many = Array.from({ length: 50 }, (_, at) => ({ ...machine, name: `m${at}` }));
  check({ machines: many }, /has 50 machines\. The maximum is 49/);
});

test('a private library needs a domain of its own, which its pages share', () => {
  const { domain: _, certificateArn: _certificate, cookieDomain, ...rest } = PRIVATE;
  check(
    { ...rest, allowedOrigins: [] },
    /^Setting domain is missing\. A private library needs a domain of your own, such as clips\.example\.com/,
  );
  check(
    { ...PRIVATE, cookieDomain: 'example.org', allowedOrigins: [] },
    /^Setting cookieDomain is example\.org\. It must be clips\.example\.com, .* such as example\.com\.$/,
  );
  const elsewhere = 'https://app.example.org';
  check(
    { ...PRIVATE, allowedOrigins: ['https://www.example.com', elsewhere] },
    /^Setting allowedOrigins of a private library has https:\/\/app\.example\.org\. Safari and Firefox drop/,
  );
  // Without cookieDomain, only pages of `domain` and below get cookies.
  const { cookieDomain: _domain, ...hostOnly } = PRIVATE;
  check(hostOnly, /^Setting allowedOrigins of a private library has https:\/\/app\.example\.com/);
  assert.equal(readSettings({ ...MADE, ...PRIVATE }).cookieDomain, cookieDomain);
});

test('the expiry of clips can be set for all or by competition', () => {
  const days = (clipsExpireAfterDays: unknown) =>
    readSettings({ ...MADE, clipsExpireAfterDays }).clipsExpireAfterDays;
  assert.deepEqual(days('365'), { '*': 365 });
  assert.deepEqual(days(30), { '*': 30 });
  assert.deepEqual(days('{"*": 365, "100m-dash": 30}'), { '*': 365, '100m-dash': 30 });
  check({ clipsExpireAfterDays: 0 }, /whole number from 1 to 36500/);
  check({ clipsExpireAfterDays: { a_b: 3 } }, /has the name a_b\. It must be a competition or \*/);
  check(
    { clipsExpireAfterDays: 'soon' },
    /clipsExpireAfterDays is not valid JSON/,
    /a JSON object/,
  );
});

test('without the setting, pages of any origin can read a public library, and no others a private one', () => {
  assert.deepEqual(readSettings(MADE).allowedOrigins, ['*']);
  const { allowedOrigins: _, ...others } = PRIVATE;
  assert.deepEqual(readSettings({ ...MADE, ...others }).allowedOrigins, []);
});

test('each mistake has its own line', () => {
  check(
    { redundant: 'yes', playbackHours: 0, input: 'SDI' },
    /^Setting redundant/m,
    /^Setting playbackHours/m,
    /^Setting input/m,
  );
});

test('settings on the command line are parsed from text', () => {
  const settings = readSettings({
    ...EXISTING,
    channels: JSON.stringify(EXISTING.channels),
    encoders: '203.0.113.7/32, 198.51.100.0/24',
    redundant: 'true',
    segmentSeconds: '4',
    account: 111122223333,
  });
  assert.deepEqual(settings.encoders, ['203.0.113.7/32', '198.51.100.0/24']);
  assert.deepEqual(settings.channels, EXISTING.channels);
  assert.equal(settings.redundant, true);
  assert.equal(settings.segmentSeconds, 4);
  assert.equal(settings.account, '111122223333');
});

test('docs/deploy.md has one row for each setting', () => {
  const text = readFileSync(`${import.meta.dirname}/../../docs/deploy.md`, 'utf8');
  const [, table = ''] = /^\| setting \|.*?\n\| ---.*?\n(.*?)\n\n/ms.exec(text) ?? [];
  const documented = table
    .split('\n')
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name));
  assert.deepEqual(documented, Object.keys(readSettings(MADE)));
});
