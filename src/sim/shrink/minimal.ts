/**
 * Delta debugging: the part of a list that still fails, and of which no tried part does.
 *
 * The later half is tried before the earlier one: a run ends when it fails, so whatever made it fail
 * stands near its end more often than not.
 *
 * Source: Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, TSE 2002.
 */

/** The part of `items` that fails and of which no tried part does. `items` themselves must fail. */
export async function minimal<Item>(
  items: readonly Item[],
  fails: (some: readonly Item[]) => Promise<boolean>,
): Promise<readonly Item[]> {
  if (items.length === 0 || (await fails([]))) return []
  let left = items
  for (let parts = 2; left.length > 1;) {
    // oxlint-disable-next-line no-await-in-loop -- what is tried next depends on what failed.
    const less = await firstFailing(candidates(left, parts), fails)
    if (less !== undefined) {
      parts = less.length <= Math.ceil(left.length / parts) ? 2 : Math.max(parts - 1, 2)
      left = less
    } else if (parts < left.length) parts = Math.min(left.length, parts * 2)
    else return left
  }
  return left
}

/** The parts of a list, the last one first, and then the list without each part. */
function candidates<Item>(items: readonly Item[], parts: number): (readonly Item[])[] {
  const size = Math.ceil(items.length / parts)
  const starts = Array.from({ length: Math.ceil(items.length / size) }, (_, part) => part * size)
  const within = starts.map((start) => items.slice(start, start + size)).toReversed()
  const without = starts.map((start) => items.toSpliced(start, size))
  return parts === 2 ? within : [...within, ...without]
}

async function firstFailing<Item>(
  lists: readonly (readonly Item[])[],
  fails: (some: readonly Item[]) => Promise<boolean>,
): Promise<readonly Item[] | undefined> {
  // oxlint-disable-next-line no-await-in-loop -- one after another: the first is enough.
  for (const list of lists) if (await fails(list)) return list
  return undefined
}
