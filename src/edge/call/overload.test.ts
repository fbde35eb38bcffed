/**
 * Goal: a service refuses what it cannot serve, the least important first, and promises that nothing
 * was done. Method: the hops in front of a handler whose time the test decides, in a world that the
 * test moves.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Code, type HoldfastError, isHoldfastError } from '#errors'
import type { Criticality } from '#model'
import { outcomeMeanings } from '#policy'
import { ManualWorld } from '../../../test/support/manual-world.ts'
import { audit, paymentsService } from '../../../test/support/payments.ts'
import { paymentsShop } from '../../../test/support/payments-shop.ts'
import { levelIn, lower, readCriticality } from './criticality.ts'
import { Gate } from './gate.ts'
import type { Entrance, Incoming, Way } from './hop.ts'
import { classOf } from './outcome-class.ts'
import { admission, limit, quota } from './overload.ts'
import { Pressure } from './pressure.ts'
import { reply } from './problem.ts'

const done = reply(200, 'null', false)

function entranceIn(
  world: ManualWorld,
  quotaDeclared?: { perSecond: number; burst: number },
): Entrance {
  const service = paymentsService()
  const site = {
    world,
    service: quotaDeclared === undefined ? service : { ...service, quota: quotaDeclared },
  }
  // The three hops of this file ask for nothing else of an entrance.
  return { site, gate: new Gate(world), pressure: new Pressure(world) } as unknown as Entrance
}

function arriving(caller: string, criticality: Criticality = 'critical', traceId = '00'): Incoming {
  const asked = paymentsService().contract['~contract'].operations['balance']
  const route = { kind: 'operation', asked, params: {} }
  // A request as far as these hops read it.
  const deadline = { remainingMs: () => 200 }
  return {
    caller,
    criticality,
    route,
    trace: { traceId, spanId: '' },
    deadline,
  } as unknown as Incoming
}

const refusalOf = async (work: Promise<unknown>): Promise<HoldfastError | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => (isHoldfastError(error) ? error : assert.fail(String(error))),
  )

test('a caller over its quota is told when to come back, and others do not notice', async () => {
  const world = new ManualWorld()
  const way = quota(async () => done, entranceIn(world, { perSecond: 10, burst: 2 }))
  const ask = async (caller: string): Promise<HoldfastError | undefined> =>
    refusalOf(way(arriving(caller)))

  const first = [await ask('greedy'), await ask('greedy')]
  const refused = await ask('greedy')
  const other = await ask('modest')
  await world.advance(refused?.retryAfterMs ?? 0)
  const later = await ask('greedy')

  assert.deepEqual([...first, other, later], [undefined, undefined, undefined, undefined])
  assert.deepEqual(
    [refused?.code, refused?.effect, refused?.advice],
    ['HF_QUOTA_EXCEEDED', 'none', 'later'],
  )
  assert.ok(Math.abs((refused?.retryAfterMs ?? 0) - 100) < 1e-6)
})

test('one process holds at most 256 requests', async () => {
  const entrance = entranceIn(new ManualWorld())
  const way = limit(async () => done, entrance)
  for (let index = 0; index < 256; index += 1) entrance.gate.enter()

  const last = await refusalOf(way(arriving('orders')))
  entrance.gate.enter()
  const over = await refusalOf(way(arriving('orders')))

  assert.equal(last, undefined)
  assert.deepEqual([over?.code, over?.effect, over?.advice], ['HF_OVERLOADED', 'none', 'elsewhere'])
})

/** A server that computes for 10 ms a request, one after the other, and whoever asks it too often. */
async function overloaded(
  perSecond: number,
  seconds: number,
): Promise<Readonly<Record<string, { asked: number; inTime: number }>>> {
  const world = new ManualWorld()
  const entrance = entranceIn(world)
  let freeAtMs = 0
  const work: Way = async () => {
    const nowMs = world.clock.monotonicMs()
    entrance.pressure.admission.waited('queue', Math.max(0, freeAtMs - nowMs))
    freeAtMs = Math.max(freeAtMs, nowMs) + 10
    await new Promise<void>((resolve) => world.timers.after(freeAtMs - nowMs, resolve))
    return done
  }
  const way = admission(work, entrance)
  const classes: readonly Criticality[] = [
    'critical-plus',
    'critical',
    'sheddable-plus',
    'sheddable',
  ]
  const counts = Object.fromEntries(classes.map((each) => [each, { asked: 0, inTime: 0 }]))
  for (let index = 0; index < perSecond * seconds; index += 1) {
    const criticality = classes[index % 4] ?? 'critical'
    const count = counts[criticality] ?? assert.fail('a class')
    const trace = ((index * 37) % 256).toString(16).padStart(2, '0')
    world.timers.after((index * 1_000) / perSecond, () => {
      const beganMs = world.clock.monotonicMs()
      count.asked += 1
      const answered = async (): Promise<void> => {
        const refusal = await refusalOf(way(arriving('orders', criticality, trace)))
        if (refusal === undefined && world.clock.monotonicMs() - beganMs <= 200) count.inTime += 1
      }
      void answered()
    })
  }
  await world.advance(seconds * 1_000 + 5_000)
  assert.equal(world.timersPending, 0)
  return counts
}

test('at twice the capacity the capacity is used, and what is critical is served first', async () => {
  const counts = await overloaded(200, 8)

  const share = (name: string): number =>
    (counts[name]?.inTime ?? 0) / Math.max(1, counts[name]?.asked ?? 0)
  const inTime = Object.values(counts).reduce((sum, each) => sum + each.inTime, 0)
  assert.ok(inTime >= 0.85 * 100 * 8, `${inTime} of 800 were in time`)
  assert.ok(share('critical-plus') >= 0.95, `critical-plus ${share('critical-plus')}`)
  assert.ok(share('sheddable') <= 0.15, `sheddable ${share('sheddable')}`)
})

test('at half the capacity nothing is refused', async () => {
  const counts = await overloaded(50, 4)

  assert.ok(Object.values(counts).every(({ asked, inTime }) => asked === inTime))
})

test('Q1, Q2: what cannot end in time is refused, but for the first of its operation', async () => {
  const world = new ManualWorld()
  const pressure = new Pressure(world)
  for (let index = 0; index < 30; index += 1) {
    const stay = pressure.enter('balance')
    // oxlint-disable-next-line no-await-in-loop -- one after the other: each has the process to itself
    await world.advance(50)
    pressure.leave(stay)
  }

  const idle = pressure.neededMs('balance', world.clock.monotonicMs())
  const stays = Array.from({ length: 20 }, () => pressure.enter('balance'))
  const busy = pressure.neededMs('balance', world.clock.monotonicMs())
  await world.advance(5_000)
  for (const stay of stays) pressure.leave(stay)
  const running = pressure.enter('balance')
  const after = pressure.neededMs('balance', world.clock.monotonicMs())
  pressure.leave(running)
  await world.advance(100)

  assert.equal(idle, 0)
  assert.ok(busy >= 50 && busy <= 53, `${busy} ms`)
  assert.equal(after, busy, 'what ran beside others teaches nothing')
  assert.equal(world.timersPending, 0)
})

test('whoever comes is measured against the queue that he would join, and against none where nobody queued', () => {
  const world = new ManualWorld()
  const pressure = new Pressure(world)
  const stays = Array.from({ length: 20 }, () => pressure.enter('balance'))

  const unknown = pressure.neededMs('balance', 0)
  for (const stay of stays.slice(1)) {
    pressure.waited(stay, 'database', 10 * (stay.place - 1))
    pressure.begins(stay)
  }
  const behindTwenty = pressure.neededMs('balance', 0)
  for (const stay of stays.slice(10)) pressure.leave(stay)
  const behindTen = pressure.neededMs('balance', 0)

  assert.equal(unknown, 0)
  assert.ok(behindTwenty >= 200 && behindTwenty <= 300, `${behindTwenty} ms`)
  assert.ok(Math.abs(behindTen - behindTwenty / 2) < 1e-9, `${behindTen} ms`)
})

test('of handlers that compute, whoever comes is measured against those who wait for a turn, before one had his', () => {
  let nowMs = 0
  const due: (() => void)[] = []
  const clock = { monotonicMs: () => nowMs, wallMs: () => 0 }
  const timers = { after: () => () => {}, nextTurn: (run: () => void) => void due.push(run) }
  const { random, network } = new ManualWorld()
  const pressure = new Pressure({ clock, timers, random, network })
  for (let call = 0; call < 60; call += 1) {
    void pressure.turns.take()
    nowMs += 10
    for (const run of due.splice(0)) run()
  }

  pressure.enter('balance')
  const alone = pressure.neededMs('balance', nowMs)
  for (let call = 0; call < 21; call += 1) void pressure.turns.take()
  const behindTwenty = pressure.neededMs('balance', nowMs)

  assert.equal(alone, 0)
  assert.ok(behindTwenty >= 200 && behindTwenty <= 260, `${behindTwenty} ms`)
})

test("what a service of ours sheds opens no circuit, and a stranger's 503 does", () => {
  const codes: readonly Code[] = ['HF_OVERLOADED', 'HF_DEADLINE_EXHAUSTED', 'HF_DRAINING']
  const said = [...codes, 'HF_CALL_REJECTED' as const].map(
    (code) => outcomeMeanings[classOf(code, 'none')].circuit,
  )

  assert.deepEqual(said, ['ignored', 'ignored', 'ignored', 'failure'])
})

test('a stall of the event loop is seen while it lasts, and over when the work is done', async () => {
  const world = new ManualWorld()
  const pressure = new Pressure(world)
  const stay = pressure.enter('balance')

  const calm = pressure.lagMs(world.clock.monotonicMs())
  const stalled = pressure.lagMs(world.clock.monotonicMs() + 210)
  pressure.leave(stay)
  await world.advance(100)

  assert.deepEqual([calm, stalled], [0, 200])
  assert.equal(pressure.lagMs(world.clock.monotonicMs()), 0)
  assert.equal(world.timersPending, 0)
})

test('R1, R2: a claim can only be lowered, is bounded, and is one for the whole trace', () => {
  assert.equal(lower('critical', 'sheddable'), 'sheddable')
  assert.equal(lower('critical-plus', 'critical'), 'critical')
  assert.equal(lower(undefined, 'critical-plus'), 'critical-plus')
  assert.equal(lower(undefined, undefined), 'critical')
  assert.equal(readCriticality('root'), 'critical')
  assert.equal(levelIn('critical', 'ab12'), levelIn('critical', 'ab99'))
  assert.ok(levelIn('sheddable-plus', 'ffff') < levelIn('critical', '0000'))
})

test('work inherits the criticality of its request, and its calls say so', async () => {
  const shop = await paymentsShop(undefined, {
    beforePay: async (call) => call.outcome(audit.check, { orderId: 'o1' }),
  })

  await shop.send({
    path: '/payments/pay',
    body: { orderId: 'o1', cents: 5 },
    headers: { 'idempotency-key': 'k1', 'holdfast-criticality': 'sheddable' },
  })

  assert.equal(shop.network.sent[0]?.headers['holdfast-criticality'], 'sheddable')
})

test('a failure that an edge below has retried in vain is answered with `holdfast-retry: never`', async () => {
  const shop = await paymentsShop(undefined, {
    beforePay: async (call) => call(audit.note, { orderId: 'o1' }),
  })

  const answer = await shop.send({
    path: '/payments/pay',
    body: { orderId: 'o1', cents: 5 },
    headers: { 'idempotency-key': 'k1' },
  })

  assert.equal(shop.network.sent.length, 3)
  assert.equal(answer.status, 503)
  assert.equal(answer.headers['holdfast-retry'], 'never')
})
