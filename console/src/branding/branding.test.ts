/** Checks how branding files are read: valid, with unknown fields, with invalid values, and broken. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import brandingSchema from '../../public/branding.schema.json';
import { applyBranding } from './apply.ts';
import {
  competitionTitle,
  DEFAULT_BRANDING,
  listCompetitions,
  loadBranding,
  parseBranding,
  pictureUrl,
} from './branding.ts';
import { checkBySchema, type Schema } from './schema.ts';

const SHIPPED = new URL('../../public/branding.json', import.meta.url);

test('the shipped file is valid', () => {
  const shipped = parseBranding(JSON.parse(readFileSync(SHIPPED, 'utf8')));
  assert.deepEqual(shipped.problems, []);
  assert.deepEqual(shipped.unknownFields, []);
});

test('a file without fields has every default', () => {
  const { branding, problems } = parseBranding({});
  assert.deepEqual(problems, []);
  assert.deepEqual(branding, {
    name: 'Matchcut',
    logo: {},
    colors: {},
    competitions: [],
    tags: [],
    languages: ['en', 'de'],
    times: 'utc',
    embed: ['*'],
    links: {},
  });
});

test('unknown fields are named, and the others are used', () => {
  const loaded = parseBranding({
    name: 'Games',
    colours: {},
    colors: { acent: '#000000' },
    __proto__x: 1,
    constructor: 1,
  });
  assert.equal(loaded.branding.name, 'Games');
  assert.deepEqual(loaded.unknownFields, ['colours', 'colors.acent', '__proto__x', 'constructor']);
  assert.deepEqual(loaded.problems, []);
});

/** Each is a file with one invalid value, and the path that the problem names. */
const INVALID: [unknown, string][] = [
  [{ name: '' }, 'name'],
  [{ name: ' ' }, 'name'],
  [{ name: 'a\nb' }, 'name'],
  [{ name: 'x'.repeat(61) }, 'name'],
  [{ colors: { accent: 'red' } }, 'colors.accent'],
  [{ colors: { accent: '#12345' } }, 'colors.accent'],
  [{ colors: { accent: '#123456; background: url(//x)' } }, 'colors.accent'],
  [{ logo: { light: '../logo.svg' } }, 'logo.light'],
  [{ logo: { light: 'https://example.com/logo.svg' } }, 'logo.light'],
  [{ icon: 'data:text/html;base64,AAAA' }, 'icon'],
  [{ competitions: [{ id: 'a b', title: 'A' }] }, 'competitions[0].id'],
  [{ competitions: [{ id: 'a' }] }, 'competitions[0].title'],
  [{ tags: ['final', 'final'] }, 'tags[1]'],
  [{ tags: ['x'.repeat(51)] }, 'tags[0]'],
  [{ languages: [] }, 'languages'],
  [{ languages: ['English'] }, 'languages[0]'],
  [{ times: 'cet' }, 'times'],
  [{ embed: ['http://example.com'] }, 'embed[0]'],
  [{ embed: ["https://a.example'; script-src *"] }, 'embed[0]'],
  [{ embed: ['https://example.com/path'] }, 'embed[0]'],
  [{ links: { imprint: 'javascript:alert(1)' } }, 'links.imprint'],
  [{ links: { imprint: '//example.com' } }, 'links.imprint'],
];
for (const [content, path] of INVALID) {
  test(`${JSON.stringify(content).slice(0, 60)} is reported as ${path}`, () => {
    const { problems } = parseBranding(content);
    assert.deepEqual(problems, [{ kind: 'invalid-field', field: path }]);
  });
}

test('an invalid value does not take the valid ones with it', () => {
  const { branding } = parseBranding({
    name: 'Games',
    colors: { accent: 'red', live: '#00ff00' },
    competitions: [
      { id: 'a b', title: 'A' },
      { id: 'long-jump', title: 'Long jump' },
    ],
    languages: ['English'],
  });
  assert.equal(branding.name, 'Games');
  assert.deepEqual(branding.colors, { live: '#00ff00' });
  assert.deepEqual(branding.competitions, [{ id: 'long-jump', title: 'Long jump' }]);
  assert.deepEqual(branding.languages, ['en', 'de']);
});

for (const content of [[], 'text', null, 7]) {
  test(`a file with ${JSON.stringify(content)} falls back to the defaults`, () => {
    const { branding, problems } = parseBranding(content);
    assert.deepEqual(branding, DEFAULT_BRANDING);
    assert.deepEqual(problems, [{ kind: 'not-an-object' }]);
  });
}

test('a file that cannot be loaded or parsed falls back to the defaults', async () => {
  const replies: [() => Promise<Response>, string][] = [
    [async () => new Response('', { status: 404 }), 'not-loaded'],
    [async () => new Response('{"name":'), 'not-json'],
    [() => Promise.reject(new TypeError('offline')), 'not-loaded'],
  ];
  for (const [reply, expected] of replies) {
    const { branding, problems } = await loadBranding(reply);
    assert.equal(branding, DEFAULT_BRANDING);
    assert.deepEqual(problems, [{ kind: expected }]);
  }
});

test('pictures are files beside the branding, or data URLs', () => {
  assert.equal(pictureUrl('logo.svg'), '/branding/logo.svg');
  assert.equal(pictureUrl('data:image/png;base64,AAAA'), 'data:image/png;base64,AAAA');
});

test('a competition without a title is shown by its id', () => {
  const branding = parseBranding({ competitions: [{ id: 'a', title: 'A <b>' }] }).branding;
  assert.equal(competitionTitle(branding, 'a'), 'A <b>');
  assert.equal(competitionTitle(branding, 'b'), 'b');
});

test('competitions are those of the branding, then others', () => {
  const { branding } = parseBranding({ competitions: [{ id: 'b', title: 'B' }] });
  assert.deepEqual(listCompetitions(branding, ['a', 'b', undefined, 'a', '']), [
    { id: 'b', title: 'B' },
    { id: 'a', title: 'a' },
  ]);
});

test('colors become custom properties for both themes, and the icon is replaced', (context) => {
  const warn = context.mock.method(console, 'warn', () => {});
  const properties = new Map<string, string>();
  const icon = { href: '/icon.svg' };
  const loaded = parseBranding({ icon: 'icon.png', colors: { accent: '#ffff00' }, typo: 1 });
  applyBranding(loaded, {
    documentElement: {
      style: { setProperty: (name, value) => void properties.set(name, value ?? '') },
    },
    querySelector: () => icon,
  });
  assert.match(properties.get('--accent') ?? '', /^light-dark\(#[0-9a-f]{6}, #ffff00\)$/);
  assert.equal(properties.get('--accent-fill'), '#ffff00');
  assert.equal(properties.get('--on-accent'), '#000000');
  assert.equal(properties.has('--live'), false);
  assert.equal(icon.href, '/branding/icon.png');
  assert.deepEqual(
    warn.mock.calls.map((call) => call.arguments),
    [['branding.json: unknown-field', 'typo']],
  );
});

test('the schema uses no keyword that the check does not know', () => {
  const known =
    '$schema $ref $defs title description default type enum pattern minLength maxLength properties ' +
    'required additionalProperties items minItems maxItems uniqueItems';
  const visit = (schema: Schema): void => {
    for (const keyword of Object.keys(schema))
      assert.ok(known.split(' ').includes(keyword), keyword);
    if (schema.type === 'object') assert.equal(schema.additionalProperties, false);
    for (const part of [schema.items, ...Object.values(schema.properties ?? {})])
      if (part) visit(part);
    for (const part of Object.values(schema.$defs ?? {})) visit(part);
  };
  visit(brandingSchema);
  assert.throws(() => checkBySchema('x', { $ref: '#/$defs/missing' }), /has no/);
});
