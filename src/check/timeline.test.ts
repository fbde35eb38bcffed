import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Operation } from './history.ts'
import { NONE, Timeline } from './timeline.ts'

function span(calledAt: number, at?: number): Operation<null, null> {
  const answer = at === undefined ? undefined : { at, output: null }
  return { process: 'p', calledAt, input: null, answer }
}

function entriesOf(timeline: Timeline): readonly number[] {
  const entries: number[] = []
  for (let at = timeline.after(NONE); at !== NONE; at = timeline.after(at)) entries.push(at)
  return entries
}

test('the list holds calls and answers in the order of time, and no call without an answer', () => {
  const timeline = new Timeline([span(3, 9), span(1), span(0, 4)])

  const operations = entriesOf(timeline).map((entry) => timeline.operationAt[entry])

  assert.deepEqual(operations, [2, 0, 2, 0])
  assert.deepEqual(timeline.unanswered, [1])
})

test('T1: what is lifted and put back in reverse order is where it was', () => {
  const timeline = new Timeline([span(0, 5), span(1, 2), span(3, 9)])
  const before = entriesOf(timeline)

  timeline.lift(1)
  timeline.lift(0)
  const between = entriesOf(timeline)
  timeline.putBack(0)
  timeline.putBack(1)

  assert.deepEqual(between, [timeline.callOf[2], timeline.answerOf[2]])
  assert.deepEqual(entriesOf(timeline), before)
})

test('T2: at one moment calls come before answers', () => {
  const timeline = new Timeline([span(0, 1), span(1, 2)])

  assert.ok((timeline.callOf[1] ?? 0) < (timeline.answerOf[0] ?? 0))
  assert.equal(timeline.frontAfter(NONE), timeline.answerOf[0])
})

test('T3: there are as many slots as operations were ever pending at once', () => {
  const inTurn = Array.from({ length: 100 }, (_, i) => span(2 * i, 2 * i + 1))

  assert.equal(new Timeline(inTurn).slots, 1)
  assert.equal(new Timeline([...inTurn, span(50)]).slots, 2)
  assert.equal(new Timeline(inTurn.map((each) => ({ ...each, calledAt: 0 }))).slots, 100)
})
