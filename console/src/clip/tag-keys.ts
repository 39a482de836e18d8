/** The keys that give a clip a tag while its title is typed: Alt and the tag's number. */

/** The name of the key of tag number `index`, counted from 0. */
export function tagKey(index: number): string {
  return `Alt ${index + 1}`;
}

/** The tags after a key press in a title. Nothing, if the press is none of these keys. */
export function tagsAfter(
  event: Pick<KeyboardEvent, 'altKey' | 'ctrlKey' | 'metaKey' | 'code'>,
  tags: readonly string[],
  offered: readonly string[],
): string[] | undefined {
  if (!event.altKey || event.ctrlKey || event.metaKey) return undefined;
  const number = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
  const tag = number && offered[Number(number) - 1];
  if (!tag) return undefined;
  return tags.includes(tag) ? tags.filter((it) => it !== tag) : [...tags, tag];
}
