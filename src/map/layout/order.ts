/**
 * Order: who stands above whom in each column, so that few lines cross.
 *
 * Each column is sorted by the mean place of the neighbours in the column before it, then in the one
 * after it, back and forth; neighbours are swapped where that helps; the best of several starts is kept.
 *
 * Invariants:
 *   D1. The number of crossings that is returned is that of the order that is returned.
 *   D2. Ties are broken by the order of declaration: the same input gives the same order.
 *
 * Source: Sugiyama et al. (1981), barycentre; Gansner et al. (1993), transposition.
 */
import { at } from '../at.ts'
import { diceFrom } from '../dice.ts'
import type { Link, Stop } from './shape.ts'

/** Stops by column, from top to bottom. */
export interface Order {
  readonly columns: readonly (readonly number[])[]
  readonly crossings: number
}

const SWEEPS = 12
/** Orders to begin with: the one of declaration, and others by dice. */
const STARTS = 12
/** Stops up to which neighbours are swapped; beyond, that takes longer than it is worth. */
const SWAPPED_MAX = 600

/** The order of the stops. */
export function orderColumns(stops: readonly Stop[], links: readonly Link[]): Order {
  const maze = mazeOf(stops, links)
  const dice = diceFrom(1)
  let columns = firstColumns(stops)
  let best: Order = { columns, crossings: crossingsOf(maze, columns) }
  for (let start = 0; start < STARTS && best.crossings > 0; start += 1) {
    const found = sweptOften(maze, columns, stops.length <= SWAPPED_MAX)
    if (found.crossings < best.crossings) best = found
    // Sorting goes downhill only; from another start it may end in a deeper valley.
    columns = columns.map((column) => shuffled(column, dice))
  }
  return best
}

/** The best order that sweeping back and forth comes by. */
function sweptOften(maze: Maze, start: readonly (readonly number[])[], isSwapping: boolean): Order {
  let columns = start
  let best: Order = { columns, crossings: crossingsOf(maze, columns) }
  for (let sweep = 0; sweep < SWEEPS && best.crossings > 0; sweep += 1) {
    columns = swept(maze, columns, sweep % 2 === 0)
    if (isSwapping) columns = swapped(maze, columns)
    const crossings = crossingsOf(maze, columns)
    if (crossings < best.crossings) best = { columns, crossings }
  }
  return best
}

function shuffled(column: readonly number[], dice: () => number): number[] {
  const keys = new Map(column.map((stop) => [stop, dice()]))
  return column.toSorted((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0))
}

/** The neighbours of each stop to its left and to its right. */
interface Maze {
  readonly before: readonly (readonly number[])[]
  readonly after: readonly (readonly number[])[]
}

function mazeOf(stops: readonly Stop[], links: readonly Link[]): Maze {
  const before: number[][] = stops.map(() => [])
  const after: number[][] = stops.map(() => [])
  for (const { source, target } of links) {
    at(before, target).push(source)
    at(after, source).push(target)
  }
  return { before, after }
}

function firstColumns(stops: readonly Stop[]): number[][] {
  const columns: number[][] = []
  for (const { index, column } of stops) (columns[column] ??= []).push(index)
  return Array.from(columns, (column) => column ?? [])
}

/** Sorts every column by its neighbours on one side, beginning at that side. */
function swept(
  maze: Maze,
  columns: readonly (readonly number[])[],
  isForward: boolean,
): number[][] {
  const result = columns.map((column) => [...column])
  const neighbours = isForward ? maze.before : maze.after
  const walk = isForward ? [...result.keys()] : [...result.keys()].toReversed()
  const rows = rowsOf(result)
  for (const which of walk) {
    const column = at(result, which)
    const means = new Map(
      column.map((stop, row) => [stop, meanRow(at(neighbours, stop), rows, row)]),
    )
    column.sort((a, b) => (means.get(a) ?? 0) - (means.get(b) ?? 0))
    for (const [row, stop] of column.entries()) rows[stop] = row
  }
  return result
}

function rowsOf(columns: readonly (readonly number[])[]): number[] {
  const rows: number[] = []
  for (const column of columns) for (const [row, stop] of column.entries()) rows[stop] = row
  return rows
}

function meanRow(neighbours: readonly number[], rows: readonly number[], own: number): number {
  if (neighbours.length === 0) return own
  return neighbours.reduce((sum, each) => sum + at(rows, each), 0) / neighbours.length
}

/** Swaps stops that stand next to each other, as long as that takes crossings away. */
function swapped(maze: Maze, columns: readonly (readonly number[])[]): number[][] {
  const result = columns.map((column) => [...column])
  const rows = rowsOf(result)
  let isBetter = true
  for (let round = 0; round < 10 && isBetter; round += 1) {
    isBetter = false
    for (const column of result) {
      for (let row = 0; row + 1 < column.length; row += 1) {
        const [upper, lower] = [at(column, row), at(column, row + 1)]
        if (pairCrossings(maze, rows, upper, lower) <= pairCrossings(maze, rows, lower, upper))
          continue
        column[row] = lower
        column[row + 1] = upper
        rows[lower] = row
        rows[upper] = row + 1
        isBetter = true
      }
    }
  }
  return result
}

/** Crossings among the lines of two stops of a column, if `upper` stands above `lower`. */
function pairCrossings(
  { before, after }: Maze,
  rows: readonly number[],
  upper: number,
  lower: number,
): number {
  let count = 0
  for (const side of [before, after])
    for (const a of at(side, upper))
      for (const b of at(side, lower)) if (at(rows, a) > at(rows, b)) count += 1
  return count
}

/** All crossings: the inversions between each column and the next. */
function crossingsOf({ after }: Maze, columns: readonly (readonly number[])[]): number {
  const rows = rowsOf(columns)
  return columns.reduce((sum, column) => {
    const ends = column.flatMap((stop) =>
      at(after, stop)
        .map((each) => at(rows, each))
        .toSorted((a, b) => a - b),
    )
    return sum + inversions(ends)
  }, 0)
}

/** Pairs that stand in the wrong order, counted while merging. */
function inversions(values: readonly number[]): number {
  const seen: number[] = []
  let count = 0
  for (const value of values) {
    let low = 0
    let high = seen.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (at(seen, middle) <= value) low = middle + 1
      else high = middle
    }
    count += seen.length - low
    seen.splice(low, 0, value)
  }
  return count
}
