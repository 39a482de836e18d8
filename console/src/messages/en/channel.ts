/** The channels at the top of the console, in English. */

import type { ChannelCondition } from '../../channel/channels.svelte.ts';

export const channel = {
  channels: 'Channels',
  competition: 'Competition',
  loading: 'Reading the channels…',
  conditions: {
    'on-air': 'On air',
    'no-picture': 'No picture',
    stalled: 'Stalled',
    starting: 'Starting',
    stopping: 'Stopping',
    off: 'Off',
    busy: 'Busy',
    failed: 'Failed',
    unknown: 'Not seen',
  } satisfies Record<ChannelCondition, string> as Record<ChannelCondition, string>,
  explanations: {
    'on-air': 'The picture is live.',
    'no-picture': 'The encoder runs and costs money, but no new picture arrives. Check its input.',
    stalled:
      'The encoder runs and costs money, but no new picture has arrived for more than 30 s. A clip of the last seconds shows what aired before. Check its input.',
    starting: 'MediaLive needs about a minute to start.',
    stopping: 'MediaLive needs up to a minute to stop.',
    off: 'The encoder is off and costs nothing.',
    busy: 'MediaLive is changing the channel. Wait a minute.',
    failed: 'MediaLive could not create or update the channel. An engineer must look at it.',
    unknown:
      'This channel is not encoded by a MediaLive channel of this service, and no picture arrives.',
  } satisfies Record<ChannelCondition, string> as Record<ChannelCondition, string>,
  show: (name: string) => `Show ${name}`,
  details: (name: string) => `${name}: state, start and stop`,
  title: (name: string) => `Channel ${name}`,
  state: 'State',
  since: (time: string) => `since ${time}`,
  price: 'Price',
  perHour: (price: string) => `${price} an hour while it runs`,
  soFar: (price: string) => `about ${price} so far`,
  window: 'Can be cut',
  windowFrom: (start: string, end: string) => `from ${start} to ${end}`,
  clipsGoTo: 'Clips go to',
  alerts: 'Alerts',
  alertCount: (count: number) => (count === 1 ? '1 alert' : `${count} alerts`),
  alertOf: (name: string, message: string) => `${name}: ${message}`,
  start: 'Start the channel',
  startFor: (price: string) => `Start for ${price} an hour`,
  startNote: (price: string) =>
    `From now on the channel costs ${price} an hour, until somebody stops it. The picture comes after about a minute.`,
  startNoteWithoutPrice: 'From now on the channel costs money, until somebody stops it.',
  stop: 'Stop the channel',
  stopNote: 'The live picture ends for all viewers at once. What has been on air can still be cut.',
  notControlled: 'This encoder is started and stopped where it runs.',
  failedToStart: (reason: string) => `The channel could not be started: ${reason}`,
  failedToStop: (reason: string) => `The channel could not be stopped: ${reason}`,
  cancel: 'Cancel',
  close: 'Close',
};
