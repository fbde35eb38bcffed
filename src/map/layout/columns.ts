/**
 * Columns: how far right each box stands.
 *
 * Invariants:
 *   C1. Every arrow that is not turned around leads at least two columns to the right, so that there
 *       is a column for its label between.
 *   C2. Boxes stand in even columns.
 */
import { at, get } from '../at.ts'
import type { Arrow, Box } from './shape.ts'

/** The columns of the boxes, and the arrows that run from right to left. */
export interface Columns {
  readonly ofBox: readonly number[]
  readonly isReversed: readonly boolean[]
}

/** The column of each box. */
export function columnsOf(boxes: readonly Box[], arrows: readonly Arrow[]): Columns {
  const positions = new Map(boxes.map(({ id }, index) => [id, index]))
  const ends = arrows.map(({ source, target }) => ({
    source: get(positions, source),
    target: get(positions, target),
  }))
  const { isReversed, finished } = search(boxes.length, ends)
  const forward = ends.map((each, index) =>
    at(isReversed, index) ? { source: each.target, target: each.source } : each,
  )
  const bySource = Map.groupBy(forward, ({ source }) => source)
  const ofBox = boxes.map(() => 0)
  // Finished last means that everything it leads to was finished before: sources come first.
  for (const source of finished.toReversed())
    for (const { target } of bySource.get(source) ?? [])
      ofBox[target] = Math.max(at(ofBox, target), at(ofBox, source) + 2)
  return { ofBox, isReversed }
}

interface Ends {
  readonly source: number
  readonly target: number
}

/** Depth-first, from the boxes to which nothing leads: an arrow back to an open box closes a circle. */
function search(
  count: number,
  ends: readonly Ends[],
): { readonly isReversed: readonly boolean[]; readonly finished: readonly number[] } {
  const isReversed = ends.map(() => false)
  const out = Map.groupBy(ends.keys(), (index) => at(ends, index).source)
  const state = Array.from({ length: count }, (): 'new' | 'open' | 'done' => 'new')
  const finished: number[] = []
  const visit = (box: number): void => {
    state[box] = 'open'
    for (const index of out.get(box) ?? []) {
      const { target } = at(ends, index)
      if (state[target] === 'open') isReversed[index] = true
      else if (state[target] === 'new') visit(target)
    }
    state[box] = 'done'
    finished.push(box)
  }
  const hasSource = new Set(ends.map(({ target }) => target))
  const starts = [...state.keys()].toSorted(
    (a, b) => Number(hasSource.has(a)) - Number(hasSource.has(b)),
  )
  for (const box of starts) if (state[box] === 'new') visit(box)
  return { isReversed, finished }
}
