/** The sound of the live picture: on or off, and its level for the meters. */

/** The lowest level that a meter shows, in dBFS. */
export const FLOOR_DB = -60;

/** The level of a channel, in dBFS. */
export interface Level {
  readonly rms: number;
  readonly peak: number;
}

interface Graph {
  readonly context: AudioContext;
  readonly output: GainNode;
  readonly analysers: readonly [AnalyserNode, AnalyserNode];
}

export class Sound {
  /** Whether the operator wants to hear the stream. */
  isOn = $state(false);
  /** Whether the browser lets the page play sound: only after the operator has touched it. */
  isAllowed = $state(false);
  #graph: Graph | undefined;
  readonly #connected = new WeakSet<HTMLVideoElement>();

  /** Starts the meters. Call it in the handler of a key or a click. */
  allow(videos: readonly HTMLVideoElement[]): void {
    this.#graph ??= makeGraph(this.isOn);
    const { context } = this.#graph;
    void context.resume().then(() => {
      this.isAllowed = context.state === 'running';
      if (this.isAllowed) for (const video of videos) this.#connect(video);
    });
  }

  toggle(): void {
    this.isOn = !this.isOn;
    if (this.#graph) this.#graph.output.gain.value = this.isOn ? 1 : 0;
  }

  /** The levels of left and right. Nothing before the sound is allowed. */
  levels(): readonly [Level, Level] | undefined {
    if (!this.#graph || !this.isAllowed) return undefined;
    const [left, right] = this.#graph.analysers;
    return [levelOf(left), levelOf(right)];
  }

  #connect(video: HTMLVideoElement): void {
    const graph = this.#graph;
    if (!graph || this.#connected.has(video)) return;
    this.#connected.add(video);
    const source = graph.context.createMediaElementSource(video);
    const splitter = graph.context.createChannelSplitter(2);
    source.connect(graph.output);
    source.connect(splitter);
    graph.analysers.forEach((analyser, channel) => {
      splitter.connect(analyser, channel);
    });
  }
}

function makeGraph(isOn: boolean): Graph {
  const context = new AudioContext();
  const output = context.createGain();
  output.gain.value = isOn ? 1 : 0;
  output.connect(context.destination);
  const makeAnalyser = () => {
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    return analyser;
  };
  return { context, output, analysers: [makeAnalyser(), makeAnalyser()] };
}

const samples = new Float32Array(1024);

function levelOf(analyser: AnalyserNode): Level {
  analyser.getFloatTimeDomainData(samples);
  let [sum, peak] = [0, 0];
  for (const it of samples) {
    sum += it * it;
    peak = Math.max(peak, Math.abs(it));
  }
  return { rms: decibels(Math.sqrt(sum / samples.length)), peak: decibels(peak) };
}

/** The level in dBFS of an amplitude from 0 to 1. */
export function decibels(amplitude: number): number {
  return amplitude > 0 ? Math.max(FLOOR_DB, 20 * Math.log10(amplitude)) : FLOOR_DB;
}
