import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isHoldfastError } from '#errors'
import {
  compareStamps,
  HybridClock,
  readStamp,
  type Stamp,
  stampedUuid,
  writeStamp,
} from './hybrid.ts'

const random = { float: () => 0, bytes: (length: number) => new Uint8Array(length).fill(0xff) }

/** A wall clock that the test sets. */
function wall(ms: number): { ms: number; wallMs: () => number } {
  const clock = { ms, wallMs: () => clock.ms }
  return clock
}

test('H1, H2: effects bear later stamps than causes, whatever the clocks of three processes do', () => {
  const moves = fc.array(
    fc.record({
      who: fc.nat({ max: 2 }),
      stepMs: fc.integer({ min: -500, max: 500 }),
      from: fc.option(fc.nat({ max: 2 })),
    }),
    { maxLength: 100 },
  )
  fc.assert(
    fc.property(moves, (steps) => {
      const walls = [wall(10_000), wall(10_150), wall(9_900)]
      const clocks = walls.map((each) => new HybridClock(each))
      const last: Stamp[] = clocks.map(() => ({ ms: 0, count: 0 }))
      for (const { who, stepMs, from } of steps) {
        const [clock, own] = [clocks[who], walls[who]]
        const before = last[who] ?? { ms: 0, count: 0 }
        const heard = from === null ? undefined : last[from]
        assert.ok(clock && own)
        own.ms += stepMs
        const now = heard === undefined ? clock.tick() : clock.receive(heard)
        assert.ok(compareStamps(now, before) > 0)
        assert.ok(heard === undefined || compareStamps(now, heard) > 0)
        last[who] = now
      }
    }),
  )
})

test('H3: a clock one hour ahead is refused by name and carries nobody with it', () => {
  const clock = new HybridClock(wall(1_000_000))

  assert.throws(
    () => clock.receive({ ms: 1_000_000 + 3_600_000, count: 0 }),
    (error) => isHoldfastError(error, 'HF_CLOCK_SKEW') && /3600000 ms ahead/.test(error.detail),
  )
  assert.deepEqual(clock.tick(), { ms: 1_000_000, count: 0 })
})

test('H1: the count runs over into the next millisecond', () => {
  const clock = new HybridClock(wall(5))
  clock.receive({ ms: 5, count: 0xfffe })

  assert.deepEqual(
    [clock.tick(), clock.tick()],
    [
      { ms: 6, count: 0 },
      { ms: 6, count: 1 },
    ],
  )
})

test('stamps and the ids made of them sort as text like the stamps', () => {
  const stamp = fc.record({ ms: fc.nat({ max: 2 ** 31 - 1 }), count: fc.nat({ max: 0xffff }) })
  fc.assert(
    fc.property(stamp, stamp, (left, right) => {
      const order = Math.sign(compareStamps(left, right))
      const texts = [writeStamp, (each: Stamp) => stampedUuid(each, random)]
      for (const text of texts) {
        const [a, b] = [text(left), text(right)]
        assert.equal(a < b ? -1 : a > b ? 1 : 0, order)
      }
      const again = readStamp(writeStamp(left))
      assert.equal(again && compareStamps(again, left), 0)
    }),
  )
})

test('an id made of a stamp is a UUID of version 7', () => {
  const id = stampedUuid({ ms: 0x0192_3456_789a, count: 0xabcd }, random)

  assert.equal(id, '01923456-789a-7abc-b7ff-ffffffffffff')
})

test('what is no stamp is not read as one', () => {
  assert.deepEqual(['', '0', 'g'.repeat(16), '0'.repeat(17)].map(readStamp), [
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})
