/** Tests of caption files that are sent with a video. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CaptionFile,
  type ChannelCaptions,
  captionProblem,
  freeChannels,
  isCaptionFile,
  readCaptionFile,
  videoOf,
} from './caption-files.ts';

const SRT = '1\n00:00:01,000 --> 00:00:02,500\nTervetuloa\n';
const inVideo = (channel: ChannelCaptions['channel'], language: string, label = '') => ({
  channel,
  language,
  label,
});
const captions = (language: string, text = SRT): CaptionFile => ({ name: 'a.srt', text, language });

test('the language is read from the name, if the name has one', async () => {
  const languageOf = async (name: string) =>
    (await readCaptionFile(new File([SRT], name))).language;
  assert.equal(await languageOf('final.fi.srt'), 'fi');
  assert.equal(await languageOf('final_pt-BR.vtt'), 'pt-BR');
  assert.equal(await languageOf('final.srt'), '');
  assert.equal(await languageOf('heat-3.ttml'), '');
  assert.equal(await languageOf('the-qxz.srt'), '', 'there is no such language');
});

test('older encodings are read too', async () => {
  const read = async (bytes: number[]) =>
    (await readCaptionFile(new File([new Uint8Array(bytes)], 'a.srt'))).text;
  assert.equal(await read([0xc3, 0x84]), 'Ä');
  assert.equal(await read([0xef, 0xbb, 0xbf, 0x41]), 'A');
  assert.equal(await read([0xc4]), 'Ä');
  assert.equal(await read([0xff, 0xfe, 0xc4, 0x00]), 'Ä');
});

test('captions belong to the video with the longest name that they begin with', () => {
  const videos = ['heat.mov', 'heat-3.mov', 'final.mp4'];
  assert.equal(videoOf('heat-3.fi.srt', videos), 1);
  assert.equal(videoOf('heat.srt', videos), 0);
  assert.equal(videoOf('other.srt', videos), undefined);
  assert.equal(videoOf('other.srt', ['final.mp4']), 0);
  assert.ok(isCaptionFile({ name: 'A.TTML' }) && !isCaptionFile({ name: 'srt.mov' }));
});

test('the captions of a video have different languages, and are not too large', () => {
  assert.equal(captionProblem([captions('fi'), captions('en')]), undefined);
  assert.equal(captionProblem([captions('fi'), captions('FI ')]), 'same-language');
  assert.equal(captionProblem([captions('')]), 'no-language');
  assert.equal(captionProblem([captions('finnish')]), 'no-language');
  assert.equal(captionProblem([captions('fi', 'ä'.repeat(600_000))]), 'too-large');
  const many = Array.from({ length: 11 }, (_, at) => captions(`a${String.fromCharCode(97 + at)}`));
  assert.equal(captionProblem(many), 'too-many');
});

test('captions in the video have channels of their own, and names that differ', () => {
  assert.deepEqual(freeChannels([captions('fi'), inVideo('CC1', 'en')]), ['CC2', 'CC3', 'CC4']);
  assert.equal(captionProblem([captions('fi'), inVideo('CC1', 'en')]), undefined);
  assert.equal(captionProblem([captions('en'), inVideo('CC1', 'EN')]), 'same-language');
  assert.equal(captionProblem([captions('en'), inVideo('CC1', 'en', 'English (608)')]), undefined);
  assert.equal(
    captionProblem([inVideo('CC1', 'en', 'CC'), inVideo('CC3', 'fi', 'cc ')]),
    'same-language',
  );
  assert.equal(captionProblem([inVideo('CC1', '')]), 'no-language');
});
