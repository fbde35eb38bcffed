/**
 * T4: the clock leaps forward or back.
 *
 * Goal: no deadline, retry or pause knows what time the wall clock shows. Method: calls whose answers
 * are lost now and then, once in a world with a steady wall clock and once in the same world with one
 * that leaps by up to a day at every reading.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { standaloneCaller } from '#edge'
import type { Clock } from '#world'
import { ManualWorld } from '../support/manual-world.ts'
import { pay } from '../support/payments.ts'
import { leaping, leapingOnce, untilByWallClock } from './support/leaping-clock.ts'

const SEEDS = Array.from({ length: 50 }, (_, index) => index + 1)

test('a wait of two seconds by the wall clock ends early, or not at all, when the clock is set', () => {
  const waitMs = 2_000
  const hourMs = 3_600_000

  assert.equal(untilByWallClock(leapingOnce(0), { waitMs }), waitMs)
  assert.ok(untilByWallClock(leapingOnce(hourMs), { waitMs }) < 600)
  assert.equal(untilByWallClock(leapingOnce(-hourMs), { waitMs }), Number.POSITIVE_INFINITY)
})

test('over an edge every call ends in the same way and at the same moment, whatever the wall clock shows', async () => {
  for (const seed of SEEDS) {
    const steady = await lifeOf(seed, (world) => world.clock)
    const leapt = await lifeOf(seed, (world) => leaping(seed, world.clock))

    assert.deepEqual(leapt, steady)
    assert.ok(steady.every(({ atMs }, index) => atMs - (steady[index - 1]?.atMs ?? 0) <= 1_000))
  }
})

interface Ended {
  readonly kind: string
  readonly atMs: number
}

/** Ten calls, of whose answers every third is lost: how they ended, and when. */
async function lifeOf(seed: number, clockOf: (world: ManualWorld) => Clock): Promise<Ended[]> {
  const world = new ManualWorld({ seed })
  let requests = 0
  await world.network.listen({ host: 'payments', port: 1 }, async () => {
    requests += 1
    if ((requests + seed) % 3 === 0) await new Promise(() => undefined)
    return { status: 200, headers: {}, body: new TextEncoder().encode('{"cents":5}') }
  })
  const { timers, random, network } = world
  const call = standaloneCaller({
    world: { clock: clockOf(world), timers, random, network },
    resolve: () => 'http://payments:1',
  })
  const ended: Ended[] = []
  for (let n = 0; n < 10; n += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one life, one call after the other.
    const { kind } = await world.run(call.outcome(pay.balance, { account: `a${n}` }))
    ended.push({ kind, atMs: world.clock.monotonicMs() })
  }
  return ended
}
