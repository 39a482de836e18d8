/** Tells screen readers, and who watches the list, what has happened to clips. */

import type { Schema } from '../api/client.ts';
import { problemText } from '../api/problem.ts';
import { t } from '../messages/console.svelte.ts';
import { type Clip, isHeldBack, MAX_ATTEMPTS, remakeOf } from './clip.ts';
import type { Change } from './feed.ts';
import type { News } from './news.ts';

/** What news mean for who watches. */
export interface Said {
  /** Whether a clip or a cut has failed. */
  readonly isFailure: boolean;
  /** What did not work and must be read, also by who sees the page. */
  readonly notice?: string;
}

/** News within this time are one announcement, in ms. */
const TOGETHER_MS = 400;
/** Most sentences of an announcement. */
const MAX_SENTENCES = 3;

export class Announcer {
  /** What is read at the next pause. */
  polite = $state('');
  /** What is read at once. */
  assertive = $state('');
  #sentences: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly operator: () => string) {}

  /** Announces news. */
  say(news: News): Said {
    switch (news.kind) {
      case 'changed':
        return this.#sayChange(news.change);
      case 'cut-refused': {
        const notice = t.clip.cutRefused(problemText(news.problem, t.problems));
        this.assertive = notice;
        return { isFailure: true, notice };
      }
      case 'failed': {
        const reason = news.problem ? problemText(news.problem, t.problems) : t.clip.noReply;
        const notice = t.clip.workFailed[news.work](nameOf(news.clip), reason);
        this.assertive = notice;
        return { isFailure: false, notice };
      }
      case 'undone':
        this.sayPolitely(t.clip.undone(news.step.label()));
        return { isFailure: false };
      case 'redone':
        this.sayPolitely(t.clip.redone(news.step.label()));
        return { isFailure: false };
    }
  }

  /** Announces a sentence together with others of the same moment. */
  sayPolitely(sentence: string): void {
    this.#sentences.push(sentence);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const said = this.#sentences;
      this.#sentences = [];
      this.polite =
        said.length > MAX_SENTENCES ? t.clip.saysMany(said.length) : `${said.join('. ')}.`;
    }, TOGETHER_MS);
  }

  #sayChange({ before, after }: Change): Said {
    const name = nameOf(after);
    if (after.status === 'failed' && before?.status !== 'failed') {
      this.assertive = t.clip.saysFailed(name, reasonOf(after));
      return { isFailure: true };
    }
    const [remade, remake] = [before && remakeOf(before), remakeOf(after)];
    if (remake?.status === 'failed' && remade?.status !== 'failed') {
      const says = remake.precision ? t.trim.saysExactFailed : t.trim.saysRemakeFailed;
      this.assertive = says(name, remakeReasonOf(remake));
      return { isFailure: true };
    }
    // The new media may have a job for its exact frames by now.
    if (before && remade && after.attempt > before.attempt) {
      this.sayPolitely(remade.precision ? t.trim.saysExact(name) : t.trim.saysRemade(name));
    }
    if (after.status === 'ready' && before?.status !== 'ready') {
      this.sayPolitely(isHeldBack(after) ? t.clip.saysHeld(name) : t.clip.saysReady(name));
    } else if (!before && after.status === 'suggested') {
      this.sayPolitely(t.suggestion.says(name, after.suggestedBy?.name ?? ''));
    } else if (!before && after.createdBy && after.createdBy !== this.operator()) {
      this.sayPolitely(t.clip.saysCut(after.createdBy, name));
    }
    return { isFailure: false };
  }
}

/** Why a clip failed, in the operator's language. */
export function reasonOf({ failure }: Pick<Clip, 'failure'>): string {
  if (!failure) return '';
  const text = t.clip.failures[failure.code];
  return (typeof text === 'function' ? text(failure.message) : text) ?? failure.message;
}

/** The remedy of a failure, besides a retry. Empty if the reason says it, or if a retry may help. */
export function remedyOf({ failure, attempt, source }: Clip): string {
  if (!failure) return '';
  if (attempt >= MAX_ATTEMPTS) return t.clip.noMoreAttempts[source];
  if (failure.code === 'transcode-refused' && source === 'reel') return t.clip.otherReel;
  return t.clip.remedies[failure.code] ?? '';
}

/** Why a clip failed, and the remedy. */
export function failureTextOf(clip: Clip): string {
  const [reason, remedy] = [reasonOf(clip), remedyOf(clip)];
  if (!remedy) return reason;
  // The reasons of AWS have no full stop.
  return `${reason}${/[.!?]$/.test(reason) ? '' : '.'} ${remedy}`;
}

/** Why new media of a clip could not be made, in the operator's language. */
export function remakeReasonOf(remake: Schema<'Remake'>): string {
  const { failure, precision } = remake;
  const ofExact = precision && failure ? t.trim.exactFailures[failure.code] : undefined;
  return ofExact ?? reasonOf(remake);
}

function nameOf(clip: Clip): string {
  return clip.meta.title || t.clip.untitled;
}
