/** The entry of the embedded player: `/embed/<competition>/<clip>`. */

import './viewer/embed.css';
import { embed as de } from './messages/de/embed.ts';
import { embed as en } from './messages/en/embed.ts';
import { chooseLanguage, directionOf, documentLanguageOf } from './messages/language.ts';
import { pseudo } from './messages/pseudo.ts';
import { momentOf, parseAddress } from './viewer/address.ts';
import { type EmbedMessages, EmbedPlayer } from './viewer/embed-player.ts';
import { pollWhileVisible } from './viewer/poll-visible.ts';
import { requestClip } from './viewer/requests.ts';

/** A clip that is on its way is looked at so often. */
const POLL_MS = 2_000;

function start(): void {
  const parameters = new URLSearchParams(location.search);
  const texts = loadTexts(parameters.get('lang'));
  const root = document.getElementById('app') ?? document.body;
  const player = new EmbedPlayer(root, texts, {
    autoplay: parameters.get('autoplay') === '1',
    muted: parameters.get('muted') === '1',
    moment: momentOf(location),
  });
  const address = parseAddress(location.pathname);
  if (address.page !== 'clip') {
    player.say(texts.gone);
    return;
  }
  const stop = pollWhileVisible(POLL_MS, async (signal) => {
    const { data } = await requestClip(address, undefined, signal).catch((error) => {
      if (!signal.aborted) player.say(texts.offline);
      throw error;
    });
    const isSettled = !data || data.status === 'ready';
    if (isSettled) stop();
    if (data?.manifest) player.show(data);
    else player.say(isSettled ? texts.gone : texts.waiting);
  });
}

/** The language of the address, or of the browser. */
function loadTexts(asked: string | null): EmbedMessages {
  const language = chooseLanguage([asked, ...navigator.languages]);
  document.documentElement.lang = documentLanguageOf(language);
  document.documentElement.dir = directionOf(language);
  if (language === 'de') return de;
  return language === 'en' ? en : pseudo(en);
}

start();
