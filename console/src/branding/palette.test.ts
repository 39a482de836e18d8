/** Checks that any color of a branding stays readable on the surfaces of both themes. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { formatHex, measureContrast, parseHex } from './color.ts';
import { chooseTextOn, deriveHover, deriveTextColor, MIN_TEXT_CONTRAST } from './palette.ts';
import { SURFACES } from './surfaces.ts';

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
  test(`every color is readable as text in the ${theme} theme`, () => {
    for (const color of sampleColors()) {
      const text = deriveTextColor(color, surfaces);
      for (const surface of surfaces) {
        const contrast = measureContrast(text, surface);
        assert.ok(contrast >= MIN_TEXT_CONTRAST, `${color} as ${text} on ${surface}: ${contrast}`);
      }
    }
  });
}

test('text on every color is readable, and does not lose contrast under the pointer', () => {
  for (const color of sampleColors()) {
    const contrast = measureContrast(chooseTextOn(color), color);
    assert.ok(contrast >= MIN_TEXT_CONTRAST, `${color}: ${contrast}`);
    const hover = deriveHover(color);
    const onHover = measureContrast(chooseTextOn(color), hover);
    assert.ok(onHover >= contrast - 0.01, `${color} becomes ${hover}: ${onHover}`);
  }
});

test('a color that is readable is not changed', () => {
  assert.equal(deriveTextColor('#0B57D0', ['#ffffff']), '#0b57d0');
});

test('an unreadable color keeps its hue and moves no further than needed', () => {
  const changed = deriveTextColor('#ffe600', ['#ffffff']);
  const contrast = measureContrast(changed, '#ffffff');
  assert.ok(contrast < MIN_TEXT_CONTRAST + 0.1, `${changed} has a contrast of ${contrast}`);
  const turned = Math.abs(parseHex(changed).hue - parseHex('#ffe600').hue);
  assert.ok(turned < 0.05, `the hue of ${changed} has turned by ${turned}`);
});

test('text that is not a color is refused', () => {
  for (const text of ['red', '#fff', '#12345g', 'url(x)', ''])
    assert.throws(() => parseHex(text), /is not a color/);
});

test('the surfaces are the darkest and the lightest backgrounds of theme.css', () => {
  const css = readFileSync(new URL('../theme.css', import.meta.url), 'utf8');
  const names = ['page', 'surface', 'raised', 'sunken', 'hover'];
  const values = names.map((name) => {
    const found = css.match(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\);`);
    assert.ok(found, `theme.css has no --${name} of two colors`);
    return found;
  });
  const lightness = (hex: string) => measureContrast(hex, '#000000');
  for (const [at, surfaces] of [SURFACES.light, SURFACES.dark].entries()) {
    const colors = values.map((found) => found[at + 1] ?? '');
    colors.sort((one, other) => lightness(one) - lightness(other));
    assert.deepEqual(surfaces, [colors[0], colors.at(-1)]);
  }
});

test('the colors of theme.css are readable without a branding', () => {
  const css = readFileSync(new URL('../theme.css', import.meta.url), 'utf8');
  for (const name of ['accent', 'live', 'ready', 'waiting', 'failed', 'text', 'muted']) {
    const found = css.match(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\);`);
    for (const [at, surfaces] of [SURFACES.light, SURFACES.dark].entries())
      for (const surface of surfaces) {
        const contrast = measureContrast(found?.[at + 1] ?? surface, surface);
        assert.ok(contrast >= MIN_TEXT_CONTRAST, `--${name} on ${surface}: ${contrast}`);
      }
  }
});
