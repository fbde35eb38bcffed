/**
 * N7: a service moves, and a cached address calls a dead endpoint.
 *
 * Goal: whoever calls by name follows the name. Method: payments moves from one address to another; the
 * old one refuses connections, or swallows them, and the directory says so two seconds later. Callers ask
 * ten times a second, with the address that they found at the start, or over a topology.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Located, standaloneCaller, Topology } from '#edge'
import { edge } from '#model'
import type { WireHandler } from '#world'
import { ManualWorld } from '../support/manual-world.ts'
import { payments } from '../support/payments.ts'
import { json, notSent, silence } from '../support/scripted.ts'

const OLD = 'http://payments:1'
const NEW = 'http://payments:2'
const MOVED_MS = 5_000
const FLIPPED_MS = 7_000
const END_MS = 60_000
const EVERY_MS = 100

const asking = edge(payments, { deadline: '300ms', ops: { balance: { retry: 2 } } })

/** The share of the callers who were answered in each ten seconds. */
async function answered(how: 'once' | 'followed', dead: WireHandler): Promise<readonly number[]> {
  const world = new ManualWorld()
  const nowMs = (): number => world.clock.monotonicMs()
  const well = json(200, { cents: 5 })
  await world.network.listen({ host: 'payments', port: 1 }, (request) =>
    nowMs() < MOVED_MS ? well(request) : dead(request),
  )
  await world.network.listen({ host: 'payments', port: 2 }, well)
  const directory = async (): Promise<Located> => ({
    origins: [nowMs() < FLIPPED_MS ? OLD : NEW],
  })
  const topology = new Topology(world, new Map([['payments', directory]]))
  await world.run(topology.start())
  const [found] = topology.resolve('payments')
  const call = standaloneCaller({
    world,
    resolve: how === 'once' ? () => found ?? '' : (target) => topology.resolve(target),
    unreachable: (target) => topology.unreachable(target),
  })
  const good: number[] = []
  const calls: Promise<void>[] = []
  const one = async (span: number): Promise<void> => {
    const { kind } = await call.outcome(asking.balance, { account: 'a' })
    if (kind === 'done') good[span] = (good[span] ?? 0) + 1
  }
  for (let atMs = 0; atMs < END_MS; atMs += EVERY_MS) {
    calls.push(one(Math.floor(atMs / 10_000)))
    // oxlint-disable-next-line no-await-in-loop -- callers come at a steady rate.
    await world.advance(EVERY_MS)
  }
  await world.run(Promise.all(calls))
  topology.stop()
  return Array.from({ length: 6 }, (_, span) => (good[span] ?? 0) / 100)
}

for (const [what, dead] of [
  ['refuses connections', notSent],
  ['swallows requests', silence],
] as const)
  test(`with the address of the start, everybody calls a place that ${what}, until a restart`, async () => {
    const shares = await answered('once', dead)

    assert.deepEqual(shares.slice(1), [0, 0, 0, 0, 0])
  })

test('over a topology who meets a refused connection asks again, and follows as soon as it is said', async () => {
  const shares = await answered('followed', notSent)

  assert.ok(
    (shares[0] ?? 0) >= 0.78,
    'only the two seconds in which the directory was wrong are lost',
  )
  assert.deepEqual(shares.slice(1), [1, 1, 1, 1, 1])
})

test('over a topology a place that swallows requests is left with the next refresh', async () => {
  const shares = await answered('followed', silence)

  assert.ok((shares[1] ?? 0) >= 0.8)
  assert.deepEqual(shares.slice(2), [1, 1, 1, 1])
})
