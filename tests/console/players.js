// The page of `players.py`: players that others have written play the same clip beside each other.
//
// Each player has the same few functions here, so that a test can ask all of them the same things.
'use strict';

/** What a player or the browser complained of, by the name of the player. */
const complaints = {};

/** The open players, by name. */
const open = {};

/** The code with three letters of a language. Some players shorten it to two. */
const long = language => ({ en: 'eng', fr: 'fra' })[language] ?? language;

const drivers = {
  async 'hls.js'(video, url, complain) {
    const ignored = () => {};
    const logger = { trace: ignored, debug: ignored, log: ignored, info: ignored };
    const warn = (...words) => console.warn('hls.js:', ...words);
    const debug = { ...logger, warn, error: complain };
    // Begins with the best quality: when hls.js changes to a better one, it forgets embedded captions.
    const hls = new Hls({ debug, abrEwmaDefaultEstimate: 10_000_000 });
    hls.on(Hls.Events.ERROR, (_, data) => complain(data.details, data.reason, data.error?.message));
    hls.loadSource(url);
    hls.attachMedia(video);
    return {
      sounds: () => hls.audioTracks.map(it => it.lang),
      texts: () => hls.subtitleTracks.map(it => it.lang),
      currentSound: () => hls.audioTracks[hls.audioTrack]?.lang,
      chooseSound: language => {
        hls.audioTrack = hls.audioTracks.findIndex(it => it.lang === language);
      },
      chooseText: language => {
        hls.subtitleTrack = hls.subtitleTracks.findIndex(it => it.lang === language);
      },
      close: () => hls.destroy(),
    };
  },

  async shaka(video, url, complain) {
    const player = new shaka.Player();
    // Google's Chrome cannot play transport streams, as some builds of Chromium can.
    player.configure('mediaSource.forceTransmux', true);
    player.addEventListener('error', ({ detail }) => complain(detail.code, ...detail.data));
    await player.attach(video);
    await player.load(url);
    const languages = tracks => tracks.map(it => long(it.language));
    const find = (tracks, wanted) => tracks.find(it => long(it.language) === wanted);
    return {
      sounds: () => languages(player.getAudioTracks()),
      texts: () => languages(player.getTextTracks()),
      currentSound: () => languages(player.getAudioTracks().filter(it => it.active))[0],
      chooseSound: wanted => player.selectAudioTrack(find(player.getAudioTracks(), wanted)),
      chooseText: wanted => player.selectTextTrack(find(player.getTextTracks(), wanted)),
      /** The size and the place in the sprite sheet of the picture at a time. */
      storyboard: async (track, time) => {
        const { id } = await player.addThumbnailsTrack(track, 'text/vtt');
        const { uris, positionX, positionY, width, height } = await player.getThumbnails(id, time);
        return { uri: uris[0], positionX, positionY, width, height };
      },
      close: () => player.destroy(),
    };
  },

  async 'dash.js'(video, url, complain) {
    const player = dashjs.MediaPlayer().create();
    player.updateSettings({ debug: { logLevel: dashjs.Debug.LOG_LEVEL_WARNING } });
    player.on(dashjs.MediaPlayer.events.ERROR, ({ error }) => complain(error.code, error.message));
    player.initialize(video, url, true);
    const div = document.createElement('div');
    video.after(div);
    player.attachTTMLRenderingDiv(div);
    const languages = kind => player.getTracksFor(kind).map(it => long(it.lang));
    return {
      sounds: () => languages('audio'),
      texts: () => languages('text'),
      currentSound: () => long(player.getCurrentTrackFor('audio')?.lang),
      chooseSound: wanted => {
        player.setCurrentTrack(player.getTracksFor('audio')[languages('audio').indexOf(wanted)]);
      },
      chooseText: wanted => player.setTextTrack(languages('text').indexOf(wanted)),
      close: () => player.destroy(),
    };
  },
};

/** Plays a clip from its start. The name is that of a player, perhaps with more words behind it. */
async function play(name, url) {
  const video = document.createElement('video');
  video.autoplay = true;
  document.body.append(video);
  complaints[name] = [];
  const complain = (...words) => complaints[name].push(words.join(' '));
  video.addEventListener('error', () => complain(video.error.message));
  const driver = await drivers[name.split(' ')[0]](video, url, complain);
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 4096 });
  context.createMediaElementSource(video).connect(analyser).connect(context.destination);
  open[name] = { ...driver, video, analyser };
}

/** The loudest pitch in Hz of what a player plays now, or 0 if it is silent. */
function pitch(name) {
  const { analyser } = open[name];
  const levels = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(levels);
  const loudest = levels.indexOf(Math.max(...levels));
  return levels[loudest] > -60
    ? Math.round((loudest * analyser.context.sampleRate) / analyser.fftSize)
    : 0;
}

/** The words, without their colors, of all cues in the tracks with a mode. */
function words(name, mode) {
  return [...open[name].video.textTracks]
    .filter(track => track.mode === mode)
    .flatMap(track => [...(track.cues ?? [])])
    .map(cue => (cue.text || textOf(cue.isd)).replace(/<[^>]*>/g, ''));
}

/** The words of a cue of TTML, as the library imsc lays it out. */
function textOf(isd) {
  if (!isd) return '';
  return (isd.text ?? '') + (isd.contents ?? []).map(textOf).join('');
}

/** What a player shows now. */
function state(name) {
  const { video, sounds, texts, currentSound } = open[name];
  const { currentTime, duration, ended, readyState } = video;
  const frames = video.getVideoPlaybackQuality().totalVideoFrames;
  return {
    currentTime, duration, ended, readyState, frames,
    sounds: sounds(), texts: texts(), currentSound: currentSound(), pitch: pitch(name),
    showing: words(name, 'showing'), hidden: words(name, 'hidden'),
  };
}
