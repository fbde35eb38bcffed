/**
 * Goal: handlers that compute long do not keep all others from arriving. Method: an event loop of
 * paper, whose turns the test makes, and handlers that take time on its clock.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualWorld } from '../../../test/support/manual-world.ts'
import { Turns } from './turns.ts'

/** A loop with `turns`: a handler computes for `handlerMs`, and what arrives in each round takes `roundMs`. */
function loopOf(handlerMs: number, roundMs = 0) {
  let nowMs = 0
  let due: (() => void)[] = []
  const begun: number[] = []
  const clock = { monotonicMs: () => nowMs, wallMs: () => 0 }
  const timers = { after: () => () => {}, nextTurn: (run: () => void) => void due.push(run) }
  const turns = new Turns({ clock, timers })
  const compute = (name: number): void => {
    begun.push(name)
    nowMs += handlerMs
  }
  return {
    begun,
    /** All of these lie in one chunk: each passes before the first computes. */
    arrive(names: readonly number[]): void {
      const free = names.filter((name) => {
        const granted = turns.take()
        void granted?.then(() => compute(name))
        return granted === undefined
      })
      for (const name of free) compute(name)
    },
    /** What was scheduled before this turn runs; gives the number of handlers that began in it. */
    async turn(): Promise<number> {
      const before = begun.length
      const running = due
      due = []
      nowMs += roundMs
      for (const run of running) {
        run()
        // oxlint-disable-next-line no-await-in-loop -- what a callback caused comes before the next.
        await Promise.resolve()
      }
      return begun.length - before
    },
    scheduled: () => due.length,
  }
}

const numbers = (from: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => from + index)

/** Turns until nothing is scheduled; how many began in each of them. */
async function toTheEnd(loop: ReturnType<typeof loopOf>): Promise<readonly number[]> {
  const counts: number[] = []
  while (loop.scheduled() > 0) {
    // oxlint-disable-next-line no-await-in-loop -- one turn after the other.
    counts.push(await loop.turn())
    assert.ok(counts.length < 1_000, 'T4: the loop comes to rest')
  }
  return counts
}

/** It has to be learnt how long handlers take: nobody says so. */
async function learnt(loop: ReturnType<typeof loopOf>): Promise<void> {
  for (let call = 0; call < 20; call += 1) {
    loop.arrive([0])
    // oxlint-disable-next-line no-await-in-loop -- one after the other.
    await toTheEnd(loop)
  }
  loop.begun.length = 0
}

test('T1, T2: of handlers that take 10 ms one begins in a turn, in the order of arrival', async () => {
  const loop = loopOf(10)
  await learnt(loop)

  loop.arrive(numbers(1, 20))
  const counts = await toTheEnd(loop)

  assert.deepEqual(loop.begun, numbers(1, 20))
  assert.ok(
    counts.slice(1).every((count) => count <= 2),
    counts.join(),
  )
  assert.ok(counts.filter((count) => count === 1).length >= 15, counts.join())
})

test('T3: between two turns with handlers there is one without, in which answers leave', async () => {
  const loop = loopOf(10)
  loop.arrive(numbers(0, 10))
  await toTheEnd(loop)

  loop.arrive(numbers(10, 10))
  const counts = await toTheEnd(loop)

  assert.ok(
    counts.every((count, index) => count === 0 || (counts[index + 1] ?? 0) === 0),
    counts.join(),
  )
})

test('T3: while others arrive the loop goes round again, but not for ever', async () => {
  const loop = loopOf(10, 0.1)
  await learnt(loop)

  loop.arrive([1, 2])
  const counts = await toTheEnd(loop)

  const rounds = counts.findIndex((count) => count > 0)
  assert.ok(rounds > 45 && rounds < 55, `${rounds} rounds before the second began`)
})

test('T1: handlers that take no time begin at once, however many come', async () => {
  const loop = loopOf(0.01)
  loop.arrive(numbers(0, 200))
  await toTheEnd(loop)

  loop.arrive(numbers(200, 200))

  assert.equal(loop.begun.length, 400)
  await toTheEnd(loop)
})

test('T4: without work nothing is scheduled, and a world without turns has none', async () => {
  const loop = loopOf(10)
  loop.arrive([0])
  await toTheEnd(loop)

  assert.equal(loop.scheduled(), 0)
  assert.equal(new Turns(new ManualWorld()).take(), undefined)
})
