/**
 * Stops: boxes, and for each arrow a lane in every column between its ends, one of which is its label.
 */
import { at, get } from '../at.ts'
import type { Columns } from './columns.ts'
import type { Arrow, Box, Link, Stop } from './shape.ts'

/** One arrow as the links that it is made of, from left to right. */
export interface Lane {
  readonly links: readonly number[]
  /** The stop of its label. */
  readonly label: number
  readonly isReversed: boolean
}

/** The height of a lane without a label, in pixels: what keeps two lines apart. */
const LANE_HEIGHT = 10

/** The stops of a drawing, boxes first; its links; and its arrows as lanes. */
export function stopsOf(
  boxes: readonly Box[],
  arrows: readonly Arrow[],
  { ofBox, isReversed }: Columns,
): {
  readonly stops: readonly Stop[]
  readonly links: readonly Link[]
  readonly lanes: readonly Lane[]
} {
  const positions = new Map(boxes.map(({ id }, index) => [id, index]))
  const stops: Stop[] = boxes.map(({ width, height }, index) => {
    return { index, column: at(ofBox, index), isBox: true, width, height, lineY: 0 }
  })
  const links: Link[] = []
  const lanes = arrows.map((arrow, which): Lane => {
    const ends = [get(positions, arrow.source), get(positions, arrow.target)]
    const [first, last] = at(isReversed, which) ? ends.toReversed() : ends
    const [left, right] = [at(stops, first ?? 0), at(stops, last ?? 0)]
    const labelColumn = middle(left.column, right.column)
    const passed: Stop[] = []
    for (let column = left.column + 1; column < right.column; column += 1) {
      passed.push(lane(stops, column, column === labelColumn ? arrow.label : undefined))
    }
    const chain = [left, ...passed, right]
    return {
      links: chain.slice(1).map((target, index) => {
        links.push({ source: at(chain, index).index, target: target.index })
        return links.length - 1
      }),
      label: at(passed, labelColumn - left.column - 1).index,
      isReversed: at(isReversed, which),
    }
  })
  return { stops, links, lanes }
}

/** The odd column next to the middle: odd ones hold labels and no boxes. */
function middle(left: number, right: number): number {
  const centre = (left + right) / 2
  return centre % 2 === 1 ? centre : centre - 1
}

function lane(stops: Stop[], column: number, label: Arrow['label'] | undefined): Stop {
  const height = label?.height ?? LANE_HEIGHT
  const stop = {
    index: stops.length,
    column,
    isBox: false,
    width: label?.width ?? 0,
    height,
    // The line runs under the text of a label and not through it.
    lineY: label === undefined ? 0 : height / 2 - 3,
  }
  stops.push(stop)
  return stop
}
