/** Names the file of a downloaded clip. */

/** Longest title in a file name. */
const MAX_TITLE_LENGTH = 100;

/** `100 m final 2020-02-03 13-30-58.mp4`: title and start, with what every system allows. */
export function nameDownload(title: string, start: number): string {
  const safe = title
    .normalize('NFC')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced.
    .replace(/[/\\:*?"<>|\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/^[.\s]+|[.\s]+$/g, '');
  const time = new Date(start).toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '-');
  return `${`${[...safe].slice(0, MAX_TITLE_LENGTH).join('')} ${time}`.trim()}.mp4`;
}
