/** A mark of a channel's stream, and what operators do with marks at the picture. */

import type { Schema } from '../api/client.ts';
import type { Unsent } from '../clip/outbox.ts';
import type { Stretch } from '../live/segment.ts';

/** A mark as the service has it. */
export type StoredMark = Schema<'Mark'>;
/** A mark that is to be made. Its key is added when it is sent. */
export type NewMark = Pick<StoredMark, 'channel' | 'at' | 'label'> &
  Partial<Pick<StoredMark, 'end' | 'tags' | 'source' | 'confidence'>>;
/** A mark that was set here and has not been answered. */
export type UnsentMark = Unsent<NewMark>;

/** A mark as the timelines draw it. Times are in ms since 1970. */
export interface ChannelMark {
  /** The id, or the key of a mark that has no id yet. */
  readonly key: string;
  readonly at: number;
  /** The end of a mark that is a stretch. */
  readonly end: number | undefined;
  readonly label: string;
  readonly source: string;
  /** The tags as one text: `player Müller, minute 12`. */
  readonly tags: string;
  /** The mark of the service; absent while it is being sent. */
  readonly stored: StoredMark | undefined;
}

/** The label of a mark without one. Rules read it, so it is the same in every language. */
export const UNNAMED = 'mark';

/** The shape of a mark's flag says where the mark comes from. */
export type MarkShape = 'pennant' | 'bracket' | 'diamond';

/** A person's mark is a pennant, one of SCTE-35 a bracket, and one of another system a diamond. */
export function shapeOf(source: string): MarkShape {
  if (source === 'operator') return 'pennant';
  return source === 'scte35' ? 'bracket' : 'diamond';
}

export function fromStored(mark: StoredMark): ChannelMark {
  return { ...drawn(mark, mark.source), key: mark.id, stored: mark };
}

export function fromUnsent({ key, body }: UnsentMark): ChannelMark {
  return { ...drawn(body, body.source ?? 'operator'), key, stored: undefined };
}

function drawn(mark: StoredMark | NewMark, source: string) {
  return {
    at: Date.parse(mark.at),
    end: mark.end === undefined ? undefined : Date.parse(mark.end),
    label: mark.label,
    source,
    tags: Object.entries(mark.tags ?? {})
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  };
}

/** The request that makes a deleted mark again. */
export function asNew({ channel, at, end, label, tags, source, confidence }: StoredMark): NewMark {
  return {
    channel,
    at,
    ...(end !== undefined && { end }),
    label,
    tags,
    source,
    ...(confidence !== undefined && { confidence }),
  };
}

/** The last mark before the picture. `marks` are sorted by time, `now` is the start of a frame. */
export function markBefore(marks: readonly ChannelMark[], now: number): ChannelMark | undefined {
  return marks.findLast((it) => it.at < now - 1);
}

/** The first mark after the frame that is shown. `frame` is the length of a frame in ms. */
export function markAfter(
  marks: readonly ChannelMark[],
  now: number,
  frame: number,
): ChannelMark | undefined {
  return marks.find((it) => it.at >= now + frame);
}

/** The mark of the frame that is shown, or the last one before it. */
export function markAt(
  marks: readonly ChannelMark[],
  now: number,
  frame: number,
): ChannelMark | undefined {
  return marks.findLast((it) => it.at < now + frame);
}

/** How much of the stream belongs to a mark without an end, in ms. */
export interface Lead {
  readonly before: number;
  readonly after: number;
}

/** The lead of an operator who has not cut around a mark yet. */
export const DEFAULT_LEAD: Lead = { before: 10_000, after: 5_000 };

/** The stretch that becomes in and out: the mark's own, or the lead around it. */
export function stretchOf({ at, end }: ChannelMark, lead: Lead): Stretch {
  if (end !== undefined && end > at) return { start: at, end };
  return { start: at - lead.before, end: at + lead.after };
}

/** A flag on a timeline. Marks that lie too close to be told apart share one. */
export interface Flag {
  readonly mark: ChannelMark;
  /** How many marks follow within the same flag. */
  readonly more: number;
}

/** The flags of marks, which are sorted by time. A flag needs `width` ms of the timeline. */
export function flagsOf(marks: readonly ChannelMark[], width: number): Flag[] {
  const flags: { mark: ChannelMark; more: number }[] = [];
  for (const mark of marks) {
    const last = flags.at(-1);
    if (last && mark.at - last.mark.at < width) last.more += 1;
    else flags.push({ mark, more: 0 });
  }
  return flags;
}
