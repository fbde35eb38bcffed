/**
 * Goal: a drawing hides nothing, whatever is drawn. Method: any graph, laid out, and then measured as
 * rectangles and lines by code that knows nothing of columns.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { at } from '../at.ts'
import { layered } from './layered.ts'
import type { Arrow, Box, Drawing, Point } from './shape.ts'

const graphs = fc.integer({ min: 1, max: 10 }).chain((count) =>
  fc.record({
    boxes: fc.tuple(
      ...Array.from({ length: count }, (_, index) =>
        fc.record({
          id: fc.constant<string>(`b${index}`),
          width: fc.integer({ min: 40, max: 200 }),
          height: fc.integer({ min: 20, max: 120 }),
        }),
      ),
    ),
    arrows: fc
      .array(
        fc.record({
          source: fc.nat(count - 1).map((each) => `b${each}`),
          target: fc.nat(count - 1).map((each) => `b${each}`),
          label: fc.record({
            width: fc.integer({ min: 10, max: 150 }),
            height: fc.integer({ min: 15, max: 60 }),
          }),
        }),
        { maxLength: 16 },
      )
      .map((all) => all.filter(({ source, target }) => source !== target)),
  }),
)

interface Rectangle extends Point {
  readonly width: number
  readonly height: number
}

function rectangles(
  boxes: readonly Box[],
  arrows: readonly Arrow[],
  drawing: Drawing,
): Rectangle[] {
  return [
    ...boxes.map((box, index) => ({ ...at(drawing.boxes, index), ...box })),
    ...arrows.map(({ label }, index) => ({ ...at(drawing.lines, index).label, ...label })),
  ]
}

function overlap(a: Rectangle, b: Rectangle): boolean {
  const isApart =
    a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y
  return !isApart
}

/** True if the line between two points, or the bend between them, enters a rectangle. */
function enters(from: Point, to: Point, area: Rectangle): boolean {
  const inner = { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 8 }
  return Array.from({ length: 21 }, (_, step) => step / 20).some((share) => {
    const bend = from.y === to.y ? share : 3 * share ** 2 - 2 * share ** 3
    const spot = { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * bend }
    return overlap({ ...spot, width: 0.01, height: 0.01 }, inner)
  })
}

test('no box and no label covers another', () => {
  fc.assert(
    fc.property(graphs, ({ boxes, arrows }) => {
      const all = rectangles(boxes, arrows, layered(boxes, arrows))

      for (const [index, a] of all.entries())
        for (const b of all.slice(index + 1)) assert.ok(!overlap(a, b))
    }),
    { numRuns: 150 },
  )
})

test('no line runs through a box or through the text of a label', () => {
  fc.assert(
    fc.property(graphs, ({ boxes, arrows }) => {
      const drawing = layered(boxes, arrows)
      const all = rectangles(boxes, arrows, drawing)

      for (const { points } of drawing.lines)
        for (const [index, to] of points.slice(1).entries())
          for (const area of all) assert.ok(!enters(at(points, index), to, area))
    }),
    { numRuns: 100 },
  )
})

test('every line joins the sides of its two boxes, and everything is inside', () => {
  fc.assert(
    fc.property(graphs, ({ boxes, arrows }) => {
      const drawing = layered(boxes, arrows)
      const placed = new Map(
        boxes.map((box, index) => [box.id, { ...box, ...at(drawing.boxes, index) }]),
      )
      const isAt = (point: Point, id: string): boolean => {
        const box = placed.get(id)
        if (box === undefined) return false
        const isOnSide = point.x === box.x || point.x === box.x + box.width
        return isOnSide && point.y >= box.y && point.y <= box.y + box.height
      }

      for (const [index, { source, target }] of arrows.entries()) {
        const { points } = at(drawing.lines, index)
        assert.ok(isAt(at(points, 0), source) && isAt(at(points, points.length - 1), target))
      }
      for (const { x, y, width, height } of rectangles(boxes, arrows, drawing)) {
        assert.ok(x >= 0 && y >= -1e-6)
        assert.ok(x + width <= drawing.width + 1e-6 && y + height <= drawing.height + 1e-6)
      }
    }),
    { numRuns: 100 },
  )
})

function square(id: string): Box {
  return { id, width: 60, height: 40 }
}

function arrow(pair: string): Arrow {
  const [source = '', target = ''] = pair.split('>')
  return { source, target, label: { width: 30, height: 15 } }
}

test('a drawing that needs no crossing has none', () => {
  const boxes = 'abcdef'.split('').map(square)
  // Declared in an order that crosses: a to f and e, b to e and d, c to d.
  const crossed = ['a>f', 'a>e', 'b>e', 'b>d', 'c>d'].map(arrow)

  assert.equal(layered(boxes, crossed).crossings, 0)
})

test('three boxes that are joined to three others cross at least once, and it is counted', () => {
  const boxes = 'abcdef'.split('').map(square)
  const all = ['a', 'b', 'c'].flatMap((from) => ['d', 'e', 'f'].map((to) => arrow(`${from}>${to}`)))

  assert.equal(layered(boxes, all).crossings, 9)
})

test('the same input gives the same drawing', () => {
  fc.assert(
    fc.property(graphs, ({ boxes, arrows }) => {
      assert.deepEqual(layered(boxes, arrows), layered(boxes, arrows))
    }),
    { numRuns: 20 },
  )
})

test('nothing to draw is drawn as nothing', () => {
  assert.deepEqual(layered([], []), { width: 0, height: 0, boxes: [], lines: [], crossings: 0 })
})
