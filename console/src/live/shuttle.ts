/** The speeds of J K L. */

/** The speeds of one direction, as each further press of the key chooses them. */
const SPEEDS = [1, 2, 4, 8] as const;
/** The speed while K is held. */
const SLOW = 0.25;

/** The speed after J (`direction` -1) or L (1) was pressed at a speed. 0 is paused. */
export function nextSpeed(speed: number, direction: 1 | -1, isSlow: boolean): number {
  if (isSlow) return direction * SLOW;
  // Against the direction the shuttle first goes to normal speed.
  if (Math.sign(speed) !== direction) return direction;
  return direction * (SPEEDS.find((it) => it > Math.abs(speed)) ?? SPEEDS.at(-1) ?? 1);
}
