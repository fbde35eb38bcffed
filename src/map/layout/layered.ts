/**
 * Layered layout: boxes in columns, arrows from left to right, their labels in columns of their own.
 *
 * Promise: no box, label or line covers another box or label, and the same input gives the same
 * drawing. A line bends only between columns; where it crosses one, it has a lane there of its own.
 *
 * Intuition: (1) turn around the few arrows that close a circle, (2) put every box one column right of
 * all that lead to it, (3) give long arrows a stop in each column that they pass, and their label the
 * middle stop, (4) sort each column so that few lines cross, (5) pull everything as straight as the
 * order allows.
 *
 * Source: Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system
 * structures" (1981); labels as boxes of their own as in Gansner et al., "dot" (1993).
 */
import { at, get } from '../at.ts'
import { columnsOf } from './columns.ts'
import { orderColumns } from './order.ts'
import { placeRows } from './place.ts'
import { type Arrow, type Box, type Drawing, type Line, type Point, type Stop } from './shape.ts'
import { stopsOf } from './stops.ts'

/** Between two columns: room for lines to bend, in pixels. */
const BEND_WIDTH = 44

/** Lays out boxes and arrows. Every arrow joins two different boxes that are given. */
export function layered(boxes: readonly Box[], arrows: readonly Arrow[]): Drawing {
  const columns = columnsOf(boxes, arrows)
  const { stops, links, lanes } = stopsOf(boxes, arrows, columns)
  const order = orderColumns(stops, links)
  const rows = placeRows(stops, links, order)
  const lefts = columnLefts(stops)
  const left = (stop: Stop): number => at(lefts, stop.column)
  const width = (stop: Stop): number => columnWidth(stops, stop.column)
  const centre = ({ index }: Stop): number => at(rows.centres, index)
  const placed = new Map(
    boxes.map((box, index) => {
      const stop = at(stops, index)
      const x = left(stop) + (width(stop) - box.width) / 2
      return [box.id, { x, y: centre(stop) - box.height / 2 }]
    }),
  )
  const lines = lanes.map((lane): Line => {
    const points = lane.links.flatMap((index): Point[] => {
      const { source, target } = at(links, index)
      const [a, b] = [at(stops, source), at(stops, target)]
      return [
        { x: exit(a, left(a), width(a)), y: at(rows.sourceY, index) },
        { x: left(a) + width(a), y: at(rows.sourceY, index) },
        { x: left(b), y: at(rows.targetY, index) },
        { x: entry(b, left(b), width(b)), y: at(rows.targetY, index) },
      ]
    })
    const label = at(stops, lane.label)
    return {
      points: lane.isReversed ? points.toReversed() : points,
      label: {
        x: left(label) + (width(label) - label.width) / 2,
        y: centre(label) - label.height / 2,
      },
    }
  })
  return {
    width: at(lefts, lefts.length - 1) - BEND_WIDTH,
    height: rows.height,
    boxes: boxes.map(({ id }) => get(placed, id)),
    lines,
    crossings: order.crossings,
  }
}

/** Where a line leaves a stop: a box at its own side, a lane at the side of its column. */
function exit(stop: Stop, left: number, width: number): number {
  return stop.isBox ? left + (width + stop.width) / 2 : left + width
}

function entry(stop: Stop, left: number, width: number): number {
  return stop.isBox ? left + (width - stop.width) / 2 : left
}

/** The left side of each column, and of the one that would follow. */
function columnLefts(stops: readonly Stop[]): readonly number[] {
  const count = Math.max(...stops.map(({ column }) => column)) + 1
  const lefts = [0]
  for (let column = 0; column < count; column += 1)
    lefts.push(at(lefts, column) + columnWidth(stops, column) + BEND_WIDTH)
  return lefts
}

function columnWidth(stops: readonly Stop[], column: number): number {
  return Math.max(0, ...stops.filter((each) => each.column === column).map((each) => each.width))
}
