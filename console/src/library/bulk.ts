/** Does the same to many clips: a few at a time, and without stopping at one that fails. */

/** How many clips are changed at the same time: an operator may send 20 requests a second. */
const MAX_AT_ONCE = 4;

/** Runs a task for each item. Returns how many failed. `onDone` is called with each count. */
export async function forEachItem<T>(
  items: readonly T[],
  task: (item: T) => Promise<boolean>,
  onDone: (count: number) => void,
): Promise<number> {
  const waiting = [...items];
  let done = 0;
  let failed = 0;
  const work = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      if (!(await task(item).catch(() => false))) failed++;
      onDone(++done);
    }
  };
  await Promise.all(Array.from({ length: MAX_AT_ONCE }, work));
  return failed;
}
