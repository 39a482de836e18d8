/** Tests of the addresses of the viewer's pages. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clipPath, momentOf, parseAddress, parseMoment } from './address.ts';

const clip = '20200203133058_20200203133258_k7Qx2f';

test('an address names a competition or a clip', () => {
  assert.deepEqual(parseAddress('/w/100m-dash'), { page: 'competition', competition: '100m-dash' });
  assert.deepEqual(parseAddress('/w/100m-dash/'), {
    page: 'competition',
    competition: '100m-dash',
  });
  const shown = { page: 'clip', competition: 'demo', clip };
  assert.deepEqual(parseAddress(`/c/demo/${clip}`), shown);
  assert.deepEqual(parseAddress(`/embed/demo/${clip}`), shown);
  assert.equal(clipPath({ competition: 'demo', clip }), `/c/demo/${clip}`);
});

test('other addresses name nothing', () => {
  for (const path of ['/', '/w', '/w/', '/w/a_b', '/w/a/b', '/c/demo', '/c/demo/1', '/x/demo']) {
    assert.deepEqual(parseAddress(path), { page: 'none' }, path);
  }
});

test('a moment is seconds, or hours, minutes and seconds', () => {
  const check = (text: string | null, expected: number) =>
    assert.equal(parseMoment(text), expected, String(text));
  check('7', 7);
  check('7.25', 7.25);
  check('90s', 90);
  check('1m30s', 90);
  check('1m30', 90);
  check('1h2m3s', 3723);
  check('2m', 120);
  check('', 0);
  check(null, 0);
  check('-3', 0);
  check('soon', 0);
});

test('the moment of an address stands in its query or its fragment', () => {
  assert.equal(momentOf({ search: '?t=7', hash: '' }), 7);
  assert.equal(momentOf({ search: '', hash: '#t=7' }), 7);
  assert.equal(momentOf({ search: '?t=3', hash: '#t=7' }), 3);
  assert.equal(momentOf({ search: '', hash: '' }), 0);
});
