import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { readSettings } from '../lib/settings/settings.ts';
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

test('a wrong setting is refused with a sentence that says what it has to be', () => {
  check({ name: 'Match Cut' }, /^Setting name is Match Cut; it has to be 1 to 20 small letters/);
  check({ region: 'Frankfurt' }, /^Setting region is Frankfurt; it has to be a region such as/);
  check({ account: '12' }, /12 digits/);
  check({ architecture: 'mips' }, /either x86_64 or arm64/);
  check(
    { segmentSeconds: '2.5' },
    /^Setting segmentSeconds is 2.5; it has to be a whole number from 1 to 30\.$/,
  );
  check({ startoverSeconds: 1_209_601 }, /whole number from 60 to 1209600/);
  check({ redundant: 'yes' }, /^Setting redundant is yes; it has to be either true or false\.$/);
  check({ encoders: 'everywhere' }, /encoders is everywhere; it has to be a CIDR block/);
  check(
    { ladder: [{ width: 1920, height: 1080 }] },
    /^Setting ladder\[0\]\.bitrate is missing; .* whole number/,
  );
  check({ ladder: '[' }, /^Setting ladder is not JSON\.$/m, /^Setting ladder is empty/m);
  check(
    { drm: 'on' },
    /^Setting drm is not JSON\.$/m,
    /^Setting drm is \[\]; it has to be an object, as JSON\.$/m,
  );
  check({ alarmEmail: 'nobody' }, /an e-mail address/);
  check({ logDays: 31 }, /^Setting logDays has to be one of 1, 3, 5/);
  check(
    { channels: [{ id: 'main', competition: 'a_b' }] },
    /channels\[0\]\.competition is a_b; .* letters, digits and hyphens/,
  );
});

test('a setting that does not exist is refused with those that do', () => {
  check({ retention: 3 }, /^There is no setting retention; there are name, account, region/);
  check(
    { channels: [{ id: 'main', competition: 'demo', url: 'x' }] },
    /no setting channels\[0\]\.url; there are originEndpoint, id, competition/,
  );
});

test('settings that do not go together are refused', () => {
  check({ encoders: [] }, /^Setting encoders is missing: say which addresses/);
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
  check({ domain: 'clips.example.com' }, /^Settings domain and certificateArn go together/);
  check({ monthlyBudget: 100 }, /^Setting monthlyBudget needs alarmEmail/);
  check(
    {
      drm: {
        url: 'https://a1.execute-api.eu-central-1.amazonaws.com/p/keys',
        systems: ['widevine'],
      },
    },
    /lacks fairplay/,
  );
  check(
    {
      drm: {
        url: 'https://a1.execute-api.eu-central-1.amazonaws.com/p/keys',
        systems: ['fairplay'],
      },
    },
    /lacks widevine and playready/,
  );
  check(
    { viewerAccess: 'private' },
    /^A private library needs the settings playbackKeySecretArn/,
    /^A private library needs the https origins/m,
  );
  check({ ...PRIVATE, allowedOrigins: '*' }, /^A private library needs the https origins/);
  const secret = (cdnIdentifierSecretArn: string) => ({ ...ENDPOINT, cdnIdentifierSecretArn });
  const arn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:s';
  check(
    {
      channels: [
        { id: 'a', competition: 'x' },
        { id: 'b', competition: 'x', originEndpoint: secret(arn) },
      ],
    },
    /demand different identifiers of a CDN/,
  );
});

test('webhooks are https, named once, and few', () => {
  assert.deepEqual(readSettings({ ...MADE, webhooks: JSON.stringify([WEBHOOK]) }).webhooks, [
    WEBHOOK,
  ]);
  check(
    { webhooks: [{ ...WEBHOOK, url: 'http://news.example.com' }] },
    /^Setting webhooks\[0\]\.url is http:.*; it has to be an https URL/,
  );
  check(
    { webhooks: [{ ...WEBHOOK, url: 'https://me:word@news.example.com' }] },
    /without a user name/,
  );
  check({ webhooks: [{ ...WEBHOOK, secretArn: 'whsec_AAAA' }] }, /the ARN of a secret/);
  check({ webhooks: [WEBHOOK, WEBHOOK] }, /two subscribers named newsroom/);
  const many = Array.from({ length: 6 }, (_, at) => ({ ...WEBHOOK, name: `w${at}` }));
  check({ webhooks: many }, /has 6 subscribers; 5 can be called/);
});

test('clips expire by competition, or all alike', () => {
  const days = (clipsExpireAfterDays: unknown) =>
    readSettings({ ...MADE, clipsExpireAfterDays }).clipsExpireAfterDays;
  assert.deepEqual(days('365'), { '*': 365 });
  assert.deepEqual(days(30), { '*': 30 });
  assert.deepEqual(days('{"*": 365, "100m-dash": 30}'), { '*': 365, '100m-dash': 30 });
  check({ clipsExpireAfterDays: 0 }, /whole number from 1 to 36500/);
  check({ clipsExpireAfterDays: { a_b: 3 } }, /names a_b; it has to be a competition or \*/);
  check({ clipsExpireAfterDays: 'soon' }, /clipsExpireAfterDays is not JSON/, /an object, as JSON/);
});

test('each mistake has a line of its own', () => {
  check(
    { redundant: 'yes', playbackHours: 0, input: 'SDI' },
    /^Setting redundant/m,
    /^Setting playbackHours/m,
    /^Setting input/m,
  );
});

test('the command line writes settings as texts', () => {
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

test('docs/deploy.md has a row for each setting, and for no other', () => {
  const text = readFileSync(`${import.meta.dirname}/../../docs/deploy.md`, 'utf8');
  const [, table = ''] = /^\| setting \|.*?\n\| ---.*?\n(.*?)\n\n/ms.exec(text) ?? [];
  const documented = table
    .split('\n')
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name));
  assert.deepEqual(documented, Object.keys(readSettings(MADE)));
});
