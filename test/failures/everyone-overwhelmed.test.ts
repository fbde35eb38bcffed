/**
 * O6: balancing cannot help when all are saturated.
 *
 * Goal: at ten times its capacity a service does about as much useful work as at its capacity. Method: the
 * admission of the incoming pipeline in front of a worker whose work has a cost, at 1.2 to 10 times what
 * it can do; callers give up after 250 ms, and a refusal costs a twentieth of a request.
 *
 * The same on real processes: `npm run bench -- overload`.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { possible, steady } from '../papers/overload.ts'

test('a service that takes everything in answers nobody in time at twice its capacity', () => {
  const { goodPerSecond } = steady(2, { hasDoor: false, refusesBelow: 'never' })

  assert.ok(goodPerSecond < 10, `${goodPerSecond} a second`)
})

for (const times of [1.2, 2, 4, 10])
  test(`with the door, ${times} times the capacity leaves at least 85 % of what is possible`, () => {
    const { goodPerSecond } = steady(times)

    assert.ok(goodPerSecond > 0.85 * possible(times), `${goodPerSecond} a second`)
  })

test('what matters most is served first: at twice the capacity nobody of it is refused', () => {
  const { served } = steady(2)

  assert.ok(served['critical-plus'] > 0.99)
  assert.ok(served.critical > 0.7)
  assert.ok(served.sheddable < 0.02)
})
