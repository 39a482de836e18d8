/** The marks of a time ruler. */

const STEPS: readonly number[] = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
];

/** Dates on whole steps of a stretch, so that at most `count` labels stand side by side. */
export function ticksOf(from: number, to: number, count: number, offset = 0): number[] {
  const least = (to - from) / 1000 / Math.max(1, count);
  const step = (STEPS.find((it) => it >= least) ?? STEPS.at(-1) ?? 86_400) * 1000;
  const ticks: number[] = [];
  for (let at = Math.ceil((from + offset) / step) * step - offset; at <= to; at += step) {
    ticks.push(at);
  }
  return ticks;
}
