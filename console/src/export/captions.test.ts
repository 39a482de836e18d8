/** Tests of the sound and the captions of an export. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { captionFields, languagesOf, soundField, soundLanguagesOf } from './captions.ts';

const finnish = { index: 0, label: 'Suomi', language: 'fi', isInVideo: false };
const french = { index: 1, label: 'Français', language: 'fr', isInVideo: false };
const embedded = { index: 0, label: 'CC1', language: 'en', isInVideo: true };

test('captions are asked for as they were chosen, and not if there are none', () => {
  const none = { kind: 'none', language: '' } as const;
  assert.deepEqual(captionFields(none, [finnish]), {});
  const sidecar = { kind: 'sidecar', language: 'fr' } as const;
  assert.deepEqual(captionFields(sidecar, [finnish, french]), { captions: 'sidecar' });
  assert.deepEqual(captionFields(sidecar, []), {});
  const drawn = { kind: 'burned-in', language: 'fr' } as const;
  assert.deepEqual(captionFields(drawn, [finnish, french]), {
    captions: 'burned-in',
    captionLanguage: 'fr',
  });
  assert.deepEqual(captionFields({ ...drawn, language: '' }, [finnish]), { captions: 'burned-in' });
});

test('captions in the video cannot be drawn into the picture', () => {
  assert.deepEqual(languagesOf([embedded]), []);
  assert.deepEqual(captionFields({ kind: 'burned-in', language: 'en' }, [embedded]), {});
  assert.deepEqual(captionFields({ kind: 'sidecar', language: '' }, [embedded]), {
    captions: 'sidecar',
  });
});

test('a sound is asked for by its language if there are several', () => {
  const english = { index: 0, label: 'English', language: 'en' };
  const described = { index: 1, label: 'English (described)', language: 'en' };
  const swedish = { index: 2, label: 'Svenska', language: 'sv' };
  const all = [english, described, swedish];
  assert.deepEqual(
    soundLanguagesOf(all).map((it) => it.label),
    ['English', 'Svenska'],
  );
  assert.deepEqual(soundField('sv', all), { soundLanguage: 'sv' });
  assert.deepEqual(soundField('', all), {});
  assert.deepEqual(soundField('en', [english]), {});
  assert.deepEqual(soundLanguagesOf([english, described]), []);
});
