/** Checks the rules that involve several settings. */

import { isPushed } from './input.ts';
import { type ChannelSettings, measureSegment, type Settings, selectInput } from './settings.ts';
import type { SettingsReader } from './settings-reader.ts';
import { hasSeveralSounds } from './tracks.ts';

/** The retention times in days that CloudWatch Logs accepts. */
const LOG_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653];

/** Each webhook has a rule, two queues and a function. Other systems can use the event bus. */
const MAX_WEBHOOKS = 5;

/**
 * API Gateway accepts 50 audiences for each authorizer, and the pages are one.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
 */
const MAX_MACHINES = 49;

/** How much a segment may be longer or shorter than `segmentSeconds`. 2 s at 30000/1001 are 2.002 s. */
const MAX_SEGMENT_DEVIATION = 0.0015;

/** MediaPackage's quota of streams that it takes in one channel: live-quotas.html in its User Guide. */
const MAX_STREAMS = 20;

const ORIGIN = /^https:\/\/[a-z0-9.-]+(:\d+)?$/;

/** Adds a mistake to those of the reader for each rule that the settings break. */
export function checkCombinations(settings: Settings, read: SettingsReader): void {
  const made = settings.channels.filter((channel) => channel.originEndpoint === undefined);
  const check = (isValid: boolean, sentence: string) => {
    if (!isValid) read.mistakes.push(sentence);
  };
  check(
    settings.channels.length > 0,
    'Setting channels is empty. It must have at least one channel.',
  );
  const findDuplicates = (names: readonly string[]) =>
    new Set(names.filter((name, at) => names.indexOf(name) !== at));
  for (const id of findDuplicates(settings.channels.map((channel) => channel.id))) {
    read.mistakes.push(`Setting channels has two channels named ${id}.`);
  }
  check(
    settings.webhooks.length <= MAX_WEBHOOKS,
    `Setting webhooks has ${settings.webhooks.length} subscribers. The maximum is ${MAX_WEBHOOKS}. Other systems can add a rule on the event bus.`,
  );
  for (const name of findDuplicates(settings.webhooks.map((webhook) => webhook.name))) {
    read.mistakes.push(`Setting webhooks has two subscribers named ${name}.`);
  }
  check(
    settings.machines.length <= MAX_MACHINES,
    `Setting machines has ${settings.machines.length} machines. The maximum is ${MAX_MACHINES}, because API Gateway accepts tokens of at most 50 clients.`,
  );
  for (const name of findDuplicates(settings.machines.map((machine) => machine.name))) {
    read.mistakes.push(`Setting machines has two machines named ${name}.`);
  }
  for (const { name } of settings.machines.filter(({ scopes }) => scopes.length === 0)) {
    read.mistakes.push(
      `Setting machines gives ${name} no scopes. Set scopes, such as ["matchcut/clips.write"].`,
    );
  }
  const identifiers = settings.channels.map(
    (channel) => channel.originEndpoint?.cdnIdentifierSecretArn ?? '',
  );
  const secrets = new Set(identifiers.filter((arn) => arn !== ''));
  check(
    secrets.size + (made.length > 0 ? 1 : 0) <= 1 || secrets.size === 0,
    'Setting channels has endpoints with different CDN identifiers. create-clip can send only one, so use one secret for all endpoints.',
  );
  checkInputs(settings, check);
  check(
    !made.some((channel) => isPushed(selectInput(settings, channel))) ||
      settings.encoders.length > 0,
    'Setting encoders is missing. Set the addresses from which the encoder pushes, such as -c encoders=203.0.113.7/32, ' +
      'or set originEndpoint of the channel to an existing endpoint.',
  );
  check(
    !settings.encoders.includes('0.0.0.0/0'),
    'Setting encoders must not be 0.0.0.0/0, which allows the whole Internet to push.',
  );
  check(
    settings.ladder.length > 0,
    'Setting ladder is empty. It must have at least one rendition.',
  );
  const segment = measureSegment(settings);
  check(
    Math.abs(segment / settings.segmentSeconds - 1) < MAX_SEGMENT_DEVIATION,
    `Setting frameRate does not fit segmentSeconds: ${settings.segmentSeconds} s are not a whole ` +
      `number of frames, and the nearest one lasts ${segment.toFixed(3)} s. Change one of them.`,
  );
  check(
    settings.startoverSeconds >= 10 * settings.segmentSeconds,
    'Setting startoverSeconds must be at least ten times segmentSeconds.',
  );
  check(
    LOG_DAYS.includes(settings.logDays),
    `Setting logDays must be one of ${LOG_DAYS.join(', ')}.`,
  );
  check(
    (settings.domain === undefined) === (settings.certificateArn === undefined),
    'Settings domain and certificateArn must be set together. A domain needs a certificate in us-east-1.',
  );
  check(
    settings.requestsPerAddress === 0 || settings.requestsPerAddress >= 10,
    'Setting requestsPerAddress must be 0, which is no firewall, or at least 10, the least that AWS WAF accepts.',
  );
  check(
    settings.monthlyBudget === undefined || settings.alarmEmail !== undefined,
    'Setting monthlyBudget needs the setting alarmEmail, the recipient of its e-mails.',
  );
  if (settings.viewerAccess === 'private') {
    check(
      settings.playbackKeySecretArn !== undefined && settings.playbackPublicKey !== undefined,
      'A private library needs the settings playbackKeySecretArn and playbackPublicKey. make deploy creates both.',
    );
    check(
      settings.allowedOrigins.every((origin) => ORIGIN.test(origin)),
      'Setting allowedOrigins of a private library must contain https origins only. Browsers send no cookies if any origin is allowed.',
    );
    checkPrivateLibrary(settings, check);
  }
  check(
    settings.drm === undefined || settings.assetsExpireAfterDays === undefined,
    'Setting assetsExpireAfterDays does not go with drm: the media in the bucket is not encrypted.',
  );
  if (settings.drm !== undefined) {
    check(
      settings.drm.systems.includes('fairplay'),
      'Setting drm.systems must include fairplay. Without it, HLS does not play.',
    );
    check(
      settings.drm.systems.some((system) => system !== 'fairplay'),
      'Setting drm.systems must include widevine or playready. Without them, DASH does not play.',
    );
  }
}

/** Counts the streams that a channel has beside its ladder. */
function countTracks({ audio, captions }: ChannelSettings): number {
  return (hasSeveralSounds(audio) ? (audio ?? []).length : 0) + (captions?.webvtt.length ?? 0);
}

/** Checks that each input fits its channel, and has a source for each of its pipelines. */
function checkInputs(
  settings: Settings,
  check: (isValid: boolean, sentence: string) => void,
): void {
  const expected = settings.redundant ? 2 : 1;
  settings.channels.forEach((channel: ChannelSettings, at) => {
    const { type, sources = [] } = selectInput(settings, channel);
    const field = `channels[${at}].input`;
    check(
      channel.input === undefined || channel.originEndpoint === undefined,
      `Setting ${field} does not go with originEndpoint: the encoder of an existing endpoint is not ours. Remove one of them.`,
    );
    check(
      (channel.audio === undefined && channel.captions === undefined) ||
        channel.originEndpoint === undefined,
      `Setting channels[${at}] has audio or captions beside originEndpoint: the encoder of an existing endpoint is not ours. Remove them.`,
    );
    const tracks = settings.ladder.length + countTracks(channel);
    check(
      tracks <= MAX_STREAMS,
      `Setting channels[${at}] has ${tracks} streams: the renditions of the ladder, the sounds and the WebVTT renditions. MediaPackage takes at most ${MAX_STREAMS}.`,
    );
    check(
      isPushed({ type }) || sources.length === expected,
      `Setting ${field}.sources has ${sources.length} sources. ` +
        (settings.redundant
          ? 'A redundant channel needs two, one for each pipeline.'
          : 'It must have one. Set redundant to true to use two.'),
    );
    // The console asks for the class of such an input, but CloudFormation has no property for it.
    check(
      type !== 'SRT_LISTENER' || !settings.redundant,
      `Setting ${field}.type is SRT_LISTENER, but CloudFormation can make only one with a single pipeline. Use SRT_CALLER, or set redundant to false.`,
    );
  });
}

/** Checks that browsers keep the cookies of a private library. */
function checkPrivateLibrary(
  settings: Settings,
  check: (isValid: boolean, sentence: string) => void,
): void {
  const { domain, cookieDomain, allowedOrigins } = settings;
  check(
    domain !== undefined,
    'Setting domain is missing. A private library needs a domain of your own, such as clips.example.com, with its certificateArn: Safari and Firefox drop cookies of cloudfront.net on your pages.',
  );
  const isIn = (host: string, parent: string) => host === parent || host.endsWith(`.${parent}`);
  if (domain !== undefined && cookieDomain !== undefined) {
    check(
      isIn(domain, cookieDomain),
      `Setting cookieDomain is ${cookieDomain}. It must be ${domain}, the setting domain, or a domain above it, such as ${domain.split('.').slice(1).join('.')}.`,
    );
  }
  const others = allowedOrigins.filter((origin) => {
    const host = URL.canParse(origin) ? new URL(origin).hostname : '';
    return ORIGIN.test(origin) && !isIn(host, cookieDomain ?? domain ?? '');
  });
  check(
    others.length === 0,
    `Setting allowedOrigins of a private library has ${others.join(', ')}. Safari and Firefox drop the cookies of other sites, so set cookieDomain to a domain that all pages and ${domain ?? 'the setting domain'} share, such as example.com.`,
  );
}
