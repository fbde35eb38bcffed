/**
 * Rows: how far down everything stands, as straight as the order of each column allows.
 *
 * Intuition: every stop wants to be where its neighbours are. Within a column those wishes may break
 * the order, and then those that are in each other's way meet at the mean of their wishes. Lanes wish
 * more strongly than boxes: a long line that is not straight is what a reader notices first.
 *
 * Invariants:
 *   P1. Within a column, stops keep their order and at least GAP between each other.
 *   P2. Lines leave and reach a box at points of their own, in the order of where they go.
 *
 * Source: the pool of adjacent violators of isotonic regression, Ayer et al. (1955).
 */
import { at } from '../at.ts'
import type { Order } from './order.ts'
import type { Link, Stop } from './shape.ts'

/** Where everything is, from the top, in pixels. */
export interface Rows {
  readonly centres: readonly number[]
  /** Where each link leaves its source and reaches its target. */
  readonly sourceY: readonly number[]
  readonly targetY: readonly number[]
  readonly height: number
}

const GAP = 18
const SWEEPS = 120
/** The weight of a link by how many of its ends are lanes: a long line that bends is seen first. */
const WEIGHTS = [1, 2, 60]

/** The rows of all stops and links. */
export function placeRows(stops: readonly Stop[], links: readonly Link[], order: Order): Rows {
  const rows = rowsOf(order)
  const offsets = portOffsets(stops, links, rows)
  const pulls = pullsOf(stops, links, offsets)
  const centres = stops.map(() => 0)
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const isForward = sweep % 2 === 0
    const walk = isForward ? order.columns : order.columns.toReversed()
    for (const column of walk) settle(stops, column, centres, pulls, sweep)
  }
  return shifted(stops, links, centres, offsets)
}

function rowsOf({ columns }: Order): readonly number[] {
  const rows: number[] = []
  for (const column of columns) for (const [row, stop] of column.entries()) rows[stop] = row
  return rows
}

/** Where links meet their ends, measured down from the centre of the stop. */
interface Offsets {
  readonly source: readonly number[]
  readonly target: readonly number[]
}

function portOffsets(
  stops: readonly Stop[],
  links: readonly Link[],
  rows: readonly number[],
): Offsets {
  const source = links.map(() => 0)
  const target = links.map(() => 0)
  const spread = (
    stop: Stop,
    own: readonly number[],
    far: (link: Link) => number,
    into: number[],
  ): void => {
    const sorted = own.toSorted((a, b) => at(rows, far(at(links, a))) - at(rows, far(at(links, b))))
    for (const [place, link] of sorted.entries())
      into[link] = stop.isBox ? stop.height * ((place + 1) / (own.length + 1) - 0.5) : stop.lineY
  }
  const out = Map.groupBy(links.keys(), (index) => at(links, index).source)
  const into = Map.groupBy(links.keys(), (index) => at(links, index).target)
  for (const stop of stops) {
    spread(stop, out.get(stop.index) ?? [], (link) => link.target, source)
    spread(stop, into.get(stop.index) ?? [], (link) => link.source, target)
  }
  return { source, target }
}

/** What a neighbour wants of a stop: to stand `shift` below it, with a `weight`. */
interface Pull {
  readonly to: number
  readonly shift: number
  readonly weight: number
}

function pullsOf(
  stops: readonly Stop[],
  links: readonly Link[],
  { source, target }: Offsets,
): readonly (readonly Pull[])[] {
  const pulls: Pull[][] = stops.map(() => [])
  for (const [index, link] of links.entries()) {
    const lanes = [link.source, link.target].filter((each) => !at(stops, each).isBox).length
    const weight = at(WEIGHTS, lanes)
    const shift = at(source, index) - at(target, index)
    at(pulls, link.target).push({ to: link.source, shift, weight })
    at(pulls, link.source).push({ to: link.target, shift: -shift, weight })
  }
  return pulls
}

/** Moves the stops of one column to where they are wanted, in their order. */
function settle(
  stops: readonly Stop[],
  column: readonly number[],
  centres: number[],
  pulls: readonly (readonly Pull[])[],
  sweep: number,
): void {
  const wishes = column.map((stop) => wish(at(pulls, stop), centres, at(centres, stop)))
  const depths: number[] = []
  for (const [row, stop] of column.entries()) {
    const above = row === 0 ? undefined : at(stops, at(column, row - 1))
    const distance = above === undefined ? 0 : (above.height + at(stops, stop).height) / 2 + GAP
    depths.push((depths[row - 1] ?? 0) + distance)
  }
  const level = pooled(wishes.map(({ y, weight }, row) => ({ y: y - at(depths, row), weight })))
  // The first sweep spreads the columns; later ones move half the way, so that two do not swing.
  const share = sweep < 2 ? 1 : 0.7
  const wanted = column.map((_, row) => at(level, row) + at(depths, row))
  for (const [row, stop] of column.entries())
    centres[stop] = at(centres, stop) * (1 - share) + at(wanted, row) * share
}

interface Wish {
  readonly y: number
  readonly weight: number
}

function wish(pulls: readonly Pull[], centres: readonly number[], own: number): Wish {
  const weight = pulls.reduce((sum, each) => sum + each.weight, 0)
  if (weight === 0) return { y: own, weight: 0.01 }
  const pulled = pulls.reduce(
    (sum, each) => sum + each.weight * (at(centres, each.to) + each.shift),
    0,
  )
  return { y: pulled / weight, weight }
}

/** The values nearest to the wishes, in least squares, that never fall from one to the next. */
function pooled(wishes: readonly Wish[]): readonly number[] {
  const pools: { y: number; weight: number; count: number }[] = []
  for (const { y, weight } of wishes) {
    let pool = { y, weight, count: 1 }
    for (let last = pools.at(-1); last !== undefined && last.y > pool.y; last = pools.at(-1)) {
      const sum = last.weight + pool.weight
      const mean = (last.y * last.weight + pool.y * pool.weight) / sum
      pool = { y: mean, weight: sum, count: last.count + pool.count }
      pools.pop()
    }
    pools.push(pool)
  }
  return pools.flatMap(({ y, count }) => Array.from({ length: count }, () => y))
}

function shifted(
  stops: readonly Stop[],
  links: readonly Link[],
  centres: readonly number[],
  offsets: Offsets,
): Rows {
  const tops = stops.map(({ index, height }) => at(centres, index) - height / 2)
  const bottoms = stops.map(({ index, height }) => at(centres, index) + height / 2)
  const top = Math.min(...tops)
  const moved = centres.map((each) => each - top)
  return {
    centres: moved,
    sourceY: links.map(({ source }, index) => at(moved, source) + at(offsets.source, index)),
    targetY: links.map(({ target }, index) => at(moved, target) + at(offsets.target, index)),
    height: Math.max(...bottoms) - top,
  }
}
