import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Resolution } from './resolution.ts'

const middle = (): number => 0.5

/** A resolution that was told these addresses at 0 ms. */
function told(...addresses: readonly string[]): Resolution {
  const resolution = new Resolution()
  resolution.asked(0)
  resolution.answered({ addresses }, 0, middle)
  return resolution
}

function say(resolution: Resolution, addresses: readonly string[], nowMs: number): void {
  resolution.asked(nowMs)
  resolution.answered({ addresses }, nowMs, middle)
}

test('T1: a directory that is down or empty for ten minutes changes nothing', () => {
  const resolution = told('a', 'b')

  for (let nowMs = 10_000; nowMs <= 600_000; nowMs += 10_000) {
    resolution.asked(nowMs)
    if (nowMs % 20_000 === 0) resolution.failed(nowMs, middle)
    else resolution.answered({ addresses: [] }, nowMs, middle)

    assert.deepEqual(resolution.addresses(nowMs), ['a', 'b'])
  }
})

test('T1: but after an hour without any word nobody is called where it was', () => {
  const resolution = told('a')

  assert.deepEqual(resolution.addresses(3_600_000), ['a'])
  assert.deepEqual(resolution.addresses(3_600_001), [])
})

test('T2: a list that loses most is believed when it is said again five seconds later', () => {
  const resolution = told('a', 'b', 'c', 'd')

  say(resolution, ['a'], 10_000)
  assert.equal(resolution.addresses(10_000).length, 4)
  assert.equal(resolution.dueMs(), 15_000)
  say(resolution, ['a'], 12_000)
  assert.equal(resolution.addresses(12_000).length, 4)
  say(resolution, ['a'], 15_000)

  assert.deepEqual(resolution.addresses(15_000), ['a'])
})

test('T2: a list that comes back in between was a flicker, and its doubt begins anew', () => {
  const resolution = told('a', 'b', 'c', 'd')

  say(resolution, ['a'], 10_000)
  say(resolution, ['a', 'b', 'c', 'd'], 13_000)
  say(resolution, ['a'], 16_000)

  assert.equal(resolution.addresses(16_000).length, 4)
})

test('a service that moves as a whole is followed at once', () => {
  const resolution = told('old:1', 'old:2', 'old:3')

  say(resolution, ['new:1'], 10_000)

  assert.deepEqual(resolution.addresses(10_000), ['new:1'])
})

test('a list that flickers between old and new ends with what was said last', () => {
  const resolution = told('old')

  for (const [index, address] of ['new', 'old', 'new'].entries())
    say(resolution, [address], 10_000 * (index + 1))

  assert.deepEqual(resolution.addresses(30_000), ['new'])
})

test('T3: however many calls find a dead address, the directory is asked once in a second', () => {
  const resolution = told('a')
  let asked = 0

  for (let nowMs = 1; nowMs <= 5_000; nowMs += 1) {
    resolution.unreachable()
    if (!resolution.isDue(nowMs)) continue
    asked += 1
    resolution.asked(nowMs)
    assert.equal(resolution.isDue(nowMs), false)
    resolution.answered({ addresses: ['a'] }, nowMs, middle)
  }

  assert.equal(asked, 5)
})

test('T4: without trouble it is asked again after the time to live, at most ten seconds, a little spread', () => {
  fc.assert(
    fc.property(
      fc.record({
        ttlMs: fc.option(fc.integer({ min: 0, max: 1e6 }), { nil: undefined }),
        roll: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      }),
      ({ ttlMs, roll }) => {
        const resolution = new Resolution()
        resolution.asked(0)
        resolution.answered(
          { addresses: ['a'], ...(ttlMs === undefined ? {} : { ttlMs }) },
          0,
          () => roll,
        )

        const wantedMs = Math.min(Math.max(ttlMs ?? Infinity, 1_000), 10_000)
        assert.ok(resolution.dueMs() >= 0.8 * wantedMs && resolution.dueMs() <= 1.2 * wantedMs)
      },
    ),
  )
})

test('the same addresses in another order are the same list', () => {
  const resolution = told('b', 'a')
  const before = resolution.addresses(0)

  say(resolution, ['a', 'b', 'a'], 10_000)

  assert.equal(resolution.addresses(10_000), before)
})
