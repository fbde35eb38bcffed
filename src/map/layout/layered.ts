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
import { at } from '../at.ts'
import { columnsOf } from './columns.ts'
import { orderColumns } from './order.ts'
import { placeRows } from './place.ts'
import type { Arrow, Box, Drawing, Line, Point, Stop } from './shape.ts'
import { stopsOf } from './stops.ts'

/** Between two columns: room for lines to bend, in pixels. */
const BEND_WIDTH = 44

/** Lays out boxes and arrows. Every arrow joins two different boxes that are given. */
export function layered(boxes: readonly Box[], arrows: readonly Arrow[]): Drawing {
  if (boxes.length === 0) return { width: 0, height: 0, boxes: [], lines: [], crossings: 0 }
  const { stops, links, lanes } = stopsOf(boxes, arrows, columnsOf(boxes, arrows))
  const order = orderColumns(stops, links)
  const rows = placeRows(stops, links, order)
  const columns = columnSpans(stops)
  const span = (stop: Stop): Span => at(columns, stop.column)
  const corner = (stop: Stop): Point => ({
    x: span(stop).left + (span(stop).width - stop.width) / 2,
    y: at(rows.centres, stop.index) - stop.height / 2,
  })
  const points = (index: number): Point[] => {
    const { source, target } = at(links, index)
    const [a, b] = [at(stops, source), at(stops, target)]
    const [leaves, reaches] = [at(rows.sourceY, index), at(rows.targetY, index)]
    return [
      { x: a.isBox ? corner(a).x + a.width : right(span(a)), y: leaves },
      { x: right(span(a)), y: leaves },
      { x: span(b).left, y: reaches },
      { x: b.isBox ? corner(b).x : span(b).left, y: reaches },
    ]
  }
  return {
    width: right(at(columns, columns.length - 1)),
    height: rows.height,
    boxes: boxes.map((_, index) => corner(at(stops, index))),
    lines: lanes.map(({ links: chain, label, isReversed }): Line => {
      const way = chain.flatMap(points)
      return { points: isReversed ? way.toReversed() : way, label: corner(at(stops, label)) }
    }),
    crossings: order.crossings,
  }
}

/** A column from its left side. */
interface Span {
  readonly left: number
  readonly width: number
}

function columnSpans(stops: readonly Stop[]): readonly Span[] {
  const widths: number[] = []
  for (const { column, width } of stops) widths[column] = Math.max(widths[column] ?? 0, width)
  let left = 0
  return Array.from(widths, (width) => {
    const span = { left, width }
    left += width + BEND_WIDTH
    return span
  })
}

function right({ left, width }: Span): number {
  return left + width
}
