import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Outage } from './outage.ts'

const away = new Error('away')

function outage(): { readonly edge: Outage; readonly advance: (ms: number) => void } {
  let nowMs = 0
  const clock = { monotonicMs: () => nowMs, wallMs: () => 0 }
  const random = { float: () => 1, bytes: (length: number) => new Uint8Array(length) }
  const advance = (ms: number): void => {
    nowMs += ms
  }
  return { edge: new Outage(clock, random), advance }
}

test('A1: failures that were in the air together lengthen the pause once', () => {
  const { edge, advance } = outage()

  for (let n = 0; n < 16; n += 1) edge.extend(away)
  const first = edge.remainingMs()
  advance(first)
  const isOver = !edge.isOn()
  edge.extend(away)

  assert.deepEqual([first, isOver, edge.remainingMs()], [200, true, 400])
})

test('A2: one delivery ends the outage and forgets how long it was', () => {
  const { edge, advance } = outage()
  for (let n = 0; n < 5; n += 1) {
    edge.extend(away)
    advance(edge.remainingMs())
  }

  edge.end()
  const isOver = !edge.isOn()
  edge.extend(away)

  assert.deepEqual([isOver, edge.remainingMs()], [true, 200])
})
