// Checks that any color of a branding stays readable on the surfaces of both themes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatHex, measureContrast, parseHex } from './color';
import { deriveShades, ensureContrast, MIN_SHAPE_CONTRAST, MIN_TEXT_CONTRAST } from './palette';
import { SURFACES } from './surfaces';

/** Every combination of nine levels of red, green and blue. */
function* sampleColors(): Generator<string> {
  const levels = ['00', '20', '40', '60', '80', 'a0', 'c0', 'e0', 'ff'];
  for (const red of levels)
    for (const green of levels) for (const blue of levels) yield `#${red}${green}${blue}`;
}

test('the contrast of black and white is 21, and of a color to itself 1', () => {
  assert.equal(measureContrast('#000000', '#FFFFFF'), 21);
  assert.equal(measureContrast('#7a1fa2', '#7a1fa2'), 1);
  // A pair that WebAIM's contrast checker gives as 4.48.
  assert.equal(measureContrast('#777777', '#ffffff').toFixed(2), '4.48');
});

test('colors survive the way to OKLCH and back', () => {
  for (const color of sampleColors()) assert.equal(formatHex(parseHex(color)), color);
});

for (const [theme, surfaces] of Object.entries(SURFACES)) {
  test(`every color is readable in the ${theme} theme`, () => {
    for (const color of sampleColors()) {
      const shades = deriveShades(color, surfaces);
      for (const surface of surfaces) {
        const text = measureContrast(shades.text, surface);
        assert.ok(text >= MIN_TEXT_CONTRAST, `${color} as text ${shades.text}: ${text}`);
        const fill = measureContrast(shades.fill, surface);
        assert.ok(fill >= MIN_SHAPE_CONTRAST, `${color} as fill ${shades.fill}: ${fill}`);
      }
      const onFill = measureContrast(shades.onFill, shades.fill);
      assert.ok(onFill >= MIN_TEXT_CONTRAST, `${shades.onFill} on ${shades.fill}: ${onFill}`);
    }
  });
}

test('a color that is readable is not changed', () => {
  assert.equal(ensureContrast('#0B57D0', ['#ffffff'], MIN_TEXT_CONTRAST), '#0b57d0');
});

test('an unreadable color keeps its hue and moves no further than needed', () => {
  const changed = ensureContrast('#ffe600', ['#ffffff'], MIN_TEXT_CONTRAST);
  const contrast = measureContrast(changed, '#ffffff');
  assert.ok(contrast < MIN_TEXT_CONTRAST + 0.1, `${changed} has a contrast of ${contrast}`);
  const turned = Math.abs(parseHex(changed).hue - parseHex('#ffe600').hue);
  assert.ok(turned < 0.05, `the hue of ${changed} has turned by ${turned}`);
});

test('text that is not a color is refused', () => {
  for (const text of ['red', '#fff', '#12345g', 'url(x)', ''])
    assert.throws(() => parseHex(text), /is not a color/);
});
