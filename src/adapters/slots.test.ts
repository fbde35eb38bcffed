import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '#errors'
import { Slots } from './slots.ts'

const unreachable = (words: RegExp) => (error: unknown) =>
  isHoldfastError(error, 'HF_DB_UNREACHABLE') && words.test(error.message)

/** Slots whose clock never moves but by `expire`. */
function slots(slotsMax: number, waitersMax: number) {
  const running = new Set<() => void>()
  const timers = {
    after: (_delayMs: number, run: () => void) => {
      running.add(run)
      return () => running.delete(run)
    },
  }
  const expire = (): void => {
    for (const run of running) run()
  }
  return { places: new Slots({ name: 'db', slotsMax, waitersMax, timers }), running, expire }
}

test('P2: places are given out in the order of asking', async () => {
  const { places } = slots(1, 10)
  const order: number[] = []
  await places.take(100)
  const waiting = [1, 2, 3].map(async (each) => {
    await places.take(100)
    order.push(each)
    places.free()
  })

  places.free()
  await Promise.all(waiting)

  assert.deepEqual(order, [1, 2, 3])
  assert.ok(places.isIdle)
})

test('P2: whoever gave up waiting never gets a place', async () => {
  const { places, running, expire } = slots(1, 10)
  await places.take(100)
  const late = assert.rejects(
    places.take(100),
    unreachable(/none of its 1 sessions.*within 100 ms/),
  )

  expire()
  await late
  places.free()

  assert.ok(places.isIdle)
  assert.equal(running.size, 0)
})

test('P1: beyond the bound nobody may even wait', async () => {
  const { places } = slots(1, 1)
  await places.take(100)
  const patient = places.take(100)

  await assert.rejects(places.take(100), unreachable(/1 callers wait already/))

  places.free()
  await patient
})

test('closing refuses those who wait and those who come', async () => {
  const { places } = slots(1, 10)
  await places.take(100)
  const waiting = assert.rejects(places.take(100), unreachable(/closed/))

  places.close()

  await waiting
  await assert.rejects(places.take(100), unreachable(/closed/))
})
