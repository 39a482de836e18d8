/** A short sound for a failure. */

/** Two failures within this time make one sound, in ms. */
const QUIET_MS = 3_000;

let context: AudioContext | undefined;
let lastBeep = Number.NEGATIVE_INFINITY;

/** Sounds once. The browser forbids sound before the first click or key; then nothing is heard. */
export function beep(now = Date.now()): void {
  if (now < lastBeep + QUIET_MS) return;
  lastBeep = now;
  context ??= new AudioContext();
  void context.resume();
  const at = context.currentTime;
  sound(context, 660, at);
  sound(context, 440, at + 0.18);
}

function sound(audio: AudioContext, frequency: number, at: number): void {
  const tone = new OscillatorNode(audio, { frequency, type: 'triangle' });
  const gain = new GainNode(audio, { gain: 0 });
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(0.2, at + 0.01);
  gain.gain.linearRampToValueAtTime(0, at + 0.16);
  tone.connect(gain).connect(audio.destination);
  tone.start(at);
  tone.stop(at + 0.17);
}
