/** Tests of languages and formats. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Format } from './format.ts';
import { chooseLanguage, languageName } from './language.ts';
import { pseudo } from './pseudo.ts';

test('the first language that exists is chosen', () => {
  assert.equal(chooseLanguage([null, 'fr-FR', 'de-AT', 'en']), 'de');
  assert.equal(chooseLanguage(['fr']), 'en');
});

test('a language has the name that people know', () => {
  assert.equal(languageName('fi', 'en'), 'Finnish');
  for (const tag of ['', 'x', 'qxz', 'not a tag']) assert.equal(languageName(tag, 'en'), '', tag);
});

test('the pseudo-language is longer, and keeps values', () => {
  const messages = pseudo({ cut: 'Cut the clip', last: (n: number) => `last ${n} s` });
  assert.ok(messages.cut.length >= 'Cut the clip'.length * 1.3);
  assert.match(messages.last(15), /15/);
});

test('times and durations have the form of a broadcast clock', () => {
  const format = new Format({ locale: 'en-GB', zone: 'utc' });
  const at = Date.UTC(2020, 1, 3, 13, 30, 58, 120);
  assert.equal(format.time(at, 3), '13:30:58.120');
  assert.equal(format.time(Date.UTC(2020, 1, 3)), '00:00:00');
  assert.equal(format.duration(12_400), '0:12');
  assert.equal(format.duration(3_723_000), '1:02:03');
});

test('a span is rounded to a unit that people would say', () => {
  const format = new Format({ locale: 'en-GB', zone: 'utc' });
  assert.deepEqual(
    [400, 40_000, 89_000, 91_000, 3_600_000, 9_000_000].map((ms) => format.span(ms)),
    ['0 secs', '40 secs', '89 secs', '2 mins', '60 mins', '2.5 hrs'],
  );
});
