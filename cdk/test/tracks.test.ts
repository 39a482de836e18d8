import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { readSettings } from '../lib/settings/read-settings.ts';
import { MADE, type Properties, synthesize, writeTwoGroups } from './synthesis.ts';

const SOUNDS = [
  { name: 'English', language: 'eng', selector: { track: 1 } },
  { name: 'Français', language: 'fra', selector: { pid: 482 } },
  { name: 'Deutsch', language: 'deu', selector: { language: 'deu' } },
];
const WEBVTT = [
  { name: 'English', language: 'eng', channel: 1 },
  { name: 'Español', language: 'spa', channel: 3 },
];

const made: string[] = [];
after(() => {
  for (const folder of made) rmSync(folder, { recursive: true });
});

/** A folder of packaging groups whose HLS has audio rendition groups. */
function writeGroups(): string {
  const folder = mkdtempSync(join(tmpdir(), 'matchcut-groups-'));
  made.push(folder);
  const text = readFileSync(`${import.meta.dirname}/../../packaging-groups/default.json`, 'utf8');
  const grouped = text.replace('"useAudioRenditionGroup": false', '"useAudioRenditionGroup": true');
  writeFileSync(join(folder, 'default.json'), grouped);
  return folder;
}

interface Parts {
  /** The settings of the channel's input. */
  readonly input: Properties;
  readonly encoder: Properties;
  readonly outputs: readonly Properties[];
  readonly endpoints: readonly Properties[];
}

function live(fields: Properties, settings: Record<string, unknown> = {}): Parts {
  const channels = [{ id: 'main', competition: 'demo', ...fields }];
  const stack = synthesize({ ...MADE, ...settings, channels })['Live'];
  assert.ok(stack);
  const { Properties: channel } = stack.one('MediaLive::Channel');
  return {
    input: channel['InputAttachments'][0].InputSettings,
    encoder: channel['EncoderSettings'],
    outputs: channel['EncoderSettings'].OutputGroups[0].Outputs,
    endpoints: stack.all('MediaPackage::OriginEndpoint').map((it) => it.Properties['HlsPackage']),
  };
}

function check(fields: Properties, sentence: RegExp): void {
  const channels = [{ id: 'main', competition: 'demo', ...fields }];
  assert.throws(() => readSettings({ ...MADE, channels }), { message: sentence });
}

test('without settings, every rendition has the first sound of the input, and no captions', () => {
  const { input, encoder, outputs, endpoints } = live({});
  assert.deepEqual(Object.keys(input), ['SourceEndBehavior']);
  assert.equal(encoder['CaptionDescriptions'], undefined);
  assert.deepEqual(
    encoder['AudioDescriptions'].map((it: Properties) => it['AudioSelectorName']),
    ['default'],
  );
  assert.ok(outputs.every((it) => it['AudioDescriptionNames'][0] === 'audio'));
  assert.equal(outputs.length, 3);
  assert.equal(endpoints[0]?.['UseAudioRenditionGroup'], false);
});

test('embedded captions are passed on in every rendition, unchanged', () => {
  const { input, encoder, outputs } = live({ captions: {} });
  assert.deepEqual(input['CaptionSelectors'], [
    {
      Name: 'embedded',
      SelectorSettings: { EmbeddedSourceSettings: { Convert608To708: 'DISABLED' } },
    },
  ]);
  assert.deepEqual(encoder['CaptionDescriptions'], [
    {
      Name: 'embedded',
      CaptionSelectorName: 'embedded',
      DestinationSettings: { EmbeddedDestinationSettings: {} },
    },
  ]);
  assert.deepEqual(
    outputs.map((it) => it['CaptionDescriptionNames']),
    [['embedded'], ['embedded'], ['embedded']],
  );
});

test('each language of the captions is a WebVTT rendition beside the embedded captions', () => {
  const { input, encoder, outputs } = live({ captions: { webvtt: WEBVTT } });
  const channels = input['CaptionSelectors'].map(
    (it: Properties) => it['SelectorSettings'].EmbeddedSourceSettings.Source608ChannelNumber,
  );
  assert.deepEqual(channels, [1, 3]);
  const [embedded, ...webvtt] = encoder['CaptionDescriptions'] as Properties[];
  assert.equal(embedded?.['CaptionSelectorName'], 'webvtt-1', 'a selector of the input');
  assert.deepEqual(
    webvtt.map((it) => [it['CaptionSelectorName'], it['LanguageCode'], it['LanguageDescription']]),
    [
      ['webvtt-1', 'eng', 'English'],
      ['webvtt-2', 'spa', 'Español'],
    ],
  );
  assert.ok(webvtt.every((it) => it['DestinationSettings'].WebvttDestinationSettings));
  assert.deepEqual(
    outputs.slice(3).map((it) => [it['CaptionDescriptionNames'], it['VideoDescriptionName']]),
    [
      [['webvtt-1'], undefined],
      [['webvtt-2'], undefined],
    ],
  );
});

test('several sounds are outputs of their own, which all renditions share', () => {
  const { input, encoder, outputs, endpoints } = live(
    { audio: SOUNDS },
    { packagingGroups: writeGroups() },
  );
  assert.deepEqual(
    input['AudioSelectors'].map((it: Properties) => it['SelectorSettings']),
    [
      { AudioTrackSelection: { Tracks: [{ Track: 1 }] } },
      { AudioPidSelection: { Pid: 482 } },
      { AudioLanguageSelection: { LanguageCode: 'deu', LanguageSelectionPolicy: 'STRICT' } },
    ],
  );
  const described = encoder['AudioDescriptions'] as Properties[];
  assert.deepEqual(
    described.map((it) => [it['AudioSelectorName'], it['LanguageCode'], it['StreamName']]),
    [
      ['audio-1', 'eng', 'English'],
      ['audio-2', 'fra', 'Français'],
      ['audio-3', 'deu', 'Deutsch'],
    ],
  );
  assert.ok(described.every((it) => it['LanguageCodeControl'] === 'USE_CONFIGURED'));
  const names = input['AudioSelectors'].map((it: Properties) => it['Name']);
  assert.deepEqual(
    outputs.map((it) => it['AudioDescriptionNames']),
    [undefined, undefined, undefined, ...names.map((name: string) => [name])],
  );
  assert.equal(endpoints[0]?.['UseAudioRenditionGroup'], true);
});

test('a single sound is chosen from the input and stays in every rendition', () => {
  const { input, encoder, outputs, endpoints } = live({ audio: SOUNDS.slice(1, 2) });
  assert.deepEqual(input['AudioSelectors'], [
    { Name: 'audio', SelectorSettings: { AudioPidSelection: { Pid: 482 } } },
  ]);
  assert.equal(encoder['AudioDescriptions'][0].LanguageCode, 'fra');
  assert.deepEqual(
    outputs.map((it) => it['AudioDescriptionNames']),
    [['audio'], ['audio'], ['audio']],
  );
  assert.equal(endpoints[0]?.['UseAudioRenditionGroup'], false);
});

test('a private endpoint of harvests has the same sounds as that of viewers', () => {
  const drm = {
    url: 'https://abc123.execute-api.eu-central-1.amazonaws.com/prod/keys',
    live: true,
  };
  const { endpoints } = live({ audio: SOUNDS }, { drm, packagingGroups: writeGroups() });
  assert.deepEqual(
    endpoints.map((it) => it['UseAudioRenditionGroup']),
    [true, true],
  );
});

test('several sounds need an audio rendition group in the clips, too', () => {
  assert.throws(
    () => live({ audio: SOUNDS }),
    /Channel main has several sounds, but packaging configuration hls in default\.json has no audio rendition group\. .* set useAudioRenditionGroup to true there/,
  );
  // Only the group that is filled first gets new clips.
  const folder = writeTwoGroups();
  const file = join(folder, 'default.json');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('RenditionGroup": false', 'RenditionGroup": true'));
  assert.equal(live({ audio: SOUNDS }, { packagingGroups: folder }).outputs.length, 6);
});

test('uploads keep several sounds if every packaging group does', () => {
  const severalSounds = (packagingGroups?: string) => {
    const stack = synthesize({ ...MADE, ...(packagingGroups && { packagingGroups }) })['Vod'];
    assert.ok(stack);
    return ['transcode-upload', 'sweep-library'].map(
      (bin) => stack.function(bin).Properties['Environment'].Variables['SEVERAL_SOUNDS'],
    );
  };
  assert.deepEqual(severalSounds(), [undefined, undefined]);
  assert.deepEqual(severalSounds(writeGroups()), ['true', 'true']);
  const folder = writeTwoGroups();
  const file = join(folder, 'default.json');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('RenditionGroup": false', 'RenditionGroup": true'));
  assert.deepEqual(severalSounds(folder), [undefined, undefined]);
});

test('wrong sounds and captions are refused with their field', () => {
  const [english] = SOUNDS;
  const field = String.raw`^Setting channels\[0\]\.`;
  check(
    { audio: [{ name: 'English', language: 'eng' }] },
    new RegExp(`${field}audio\\[0\\] has no selector\\. .*such as \\{"track": 1\\}`),
  );
  check(
    { audio: [{ ...english, selector: {} }] },
    new RegExp(`${field}audio\\[0\\]\\.selector must have exactly one of pid, track and language`),
  );
  check(
    { audio: [{ ...english, selector: { pid: 8192 } }] },
    new RegExp(`${field}audio\\[0\\]\\.selector\\.pid is 8192\\. .* from 0 to 8191`),
  );
  check(
    { audio: [{ ...english, language: 'en' }] },
    new RegExp(`${field}audio\\[0\\]\\.language is en\\. It must be .* three letters`),
  );
  check(
    { captions: { webvtt: [{ name: 'English', language: 'eng', channel: 5 }] } },
    new RegExp(`${field}captions\\.webvtt\\[0\\]\\.channel is 5\\. .* from 1 to 4`),
  );
  check(
    { captions: { webvtt: Array.from({ length: 5 }, () => WEBVTT[0]) } },
    new RegExp(`${field}captions has 5 WebVTT renditions\\. The maximum is 4`),
  );
  check(
    { audio: Array.from({ length: 18 }, () => english) },
    /^Setting channels\[0\] has 21 streams: .* MediaPackage takes at most 20/,
  );
  const originEndpoint = {
    id: 'main-hls',
    manifest: 'https://abc.mediapackage.eu-central-1.amazonaws.com/out/v1/a/index.m3u8',
  };
  check(
    { originEndpoint, captions: {} },
    /^Setting channels\[0\] has audio or captions beside originEndpoint.* Remove them/,
  );
});
