/** Gives a clip without a picture a color of its own. */

/** A hue from 0 to 359. Clips beside each other get hues far apart; the same clip keeps its hue. */
export function hueOf(clip: string): number {
  let hash = 2166136261;
  for (let at = 0; at < clip.length; at++) {
    hash = Math.imul(hash ^ clip.charCodeAt(at), 16777619);
  }
  return (hash >>> 0) % 360;
}
