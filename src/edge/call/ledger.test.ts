/**
 * Goal: whatever happens to calls, everything that was taken for them is given back, and no limit is
 * passed on the way. Method: random callees and random impatience, many calls at once, in a world that
 * the test moves; afterwards the ledger must be zero.
 */
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import fc from 'fast-check'
import { HoldfastError } from '#errors'
import { edge } from '#model'
import type { Network, OutgoingRequest, WireResponse } from '#world'
import { ManualWorld } from '../../../test/support/manual-world.ts'
import { payments } from '../../../test/support/payments.ts'
import type { Caller, Ending } from './arrow.ts'
import { arrowOf } from './caller.ts'
import { begin } from './intent.ts'
import { Neighbour } from './neighbour.ts'
import { compile } from './outgoing.ts'

const IN_FLIGHT_MAX = 3
const DEADLINE_MS = 400

const narrow = edge(payments, {
  deadline: '400ms',
  concurrency: { inFlight: IN_FLIGHT_MAX, queue: 2, wait: '30ms' },
  ops: { balance: { retry: 3, hedge: '40ms', breaker: { calls: 10 } } },
})

const fates = [
  'done',
  'lost',
  'unsent',
  'full',
  'throttled',
  'failed',
  'garbage',
  'silence',
  'bug',
] as const
type Fate = (typeof fates)[number]

const answers: Partial<Record<Fate, readonly [status: number, body: unknown, more?: object]>> = {
  done: [200, { cents: 1 }],
  full: [503, { code: 'HF_OVERLOADED', effect: 'none' }],
  throttled: [429, { code: 'HF_QUOTA_EXCEEDED', effect: 'none' }, { 'retry-after': '1' }],
  failed: [500, { code: 'HF_HANDLER_FAILED', effect: 'none' }],
  garbage: [200, { cents: 'many' }],
}

interface Exchange {
  readonly fate: Fate
  readonly tookMs: number
}

/** A network in which each request meets the next fate, and which knows how many are under way. */
class Hostile implements Network {
  readonly #world: ManualWorld
  readonly #fates: readonly Exchange[]
  readonly toldMs: number[] = []
  sent = 0
  inFlight = 0
  inFlightMost = 0

  constructor(world: ManualWorld, exchanges: readonly Exchange[]) {
    this.#world = world
    this.#fates = exchanges
  }

  async send(_origin: string, request: OutgoingRequest): Promise<WireResponse> {
    const { fate, tookMs } = this.#fates[this.sent % this.#fates.length] ?? assert.fail('a fate')
    this.sent += 1
    this.toldMs.push(Number(request.headers['holdfast-deadline-ms']))
    this.inFlight += 1
    this.inFlightMost = Math.max(this.inFlightMost, this.inFlight)
    try {
      await this.#passed(request.signal, fate === 'silence' ? 1e6 : tookMs)
      return answerOf(fate)
    } finally {
      this.inFlight -= 1
    }
  }

  listen(): never {
    assert.fail('nobody listens here')
  }

  async #passed(signal: AbortSignal, ms: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const left = (): void => reject(new HoldfastError('HF_CALL_LOST', { detail: 'given up' }))
    if (signal.aborted) left()
    const cancel = this.#world.timers.after(ms, resolve)
    signal.addEventListener('abort', left, { once: true })
    await promise.finally(cancel)
  }
}

function answerOf(fate: Fate): WireResponse {
  if (fate === 'lost') throw new HoldfastError('HF_CALL_LOST', { detail: 'broke' })
  if (fate === 'unsent') throw new HoldfastError('HF_CALL_NOT_SENT', { detail: 'refused' })
  if (fate === 'bug') throw new TypeError('a network that throws what it should not')
  const [status, body, more] = answers[fate] ?? [500, {}]
  const headers = { 'content-type': 'application/json', ...more }
  return { status, headers, body: new TextEncoder().encode(JSON.stringify(body)) }
}

interface Plan {
  readonly exchanges: readonly Exchange[]
  readonly calls: readonly { readonly atMs: number; readonly leavesAfterMs: number }[]
  readonly origins: number
}

async function play({ exchanges, calls, origins }: Plan): Promise<{
  readonly endings: readonly Ending[]
  readonly tooksMs: readonly number[]
  readonly network: Hostile
  readonly permits: number
  readonly timers: number
  readonly listeners: number
}> {
  const world = new ManualWorld()
  const network = new Hostile(world, exchanges)
  const found = Array.from({ length: origins }, (_, index) => `http://payments:${index}`)
  const who: Caller = {
    name: 'orders',
    world: { clock: world.clock, timers: world.timers, random: world.random, network },
    resolve: () => (origins === 1 ? 'http://payments:0' : found),
    observe: () => undefined,
    declares: () => true,
    isForeign: () => false,
  }
  const neighbour = new Neighbour(narrow.balance.policy.edge, world.clock)
  const arrow = arrowOf(who, narrow.balance, neighbour)
  const first = compile(arrow)
  const tooksMs: number[] = []
  const signals: AbortSignal[] = []
  const one = async ({ atMs, leavesAfterMs }: Plan['calls'][number]): Promise<Ending> => {
    await new Promise<void>((resolve) => world.timers.after(atMs, resolve))
    const leaving = new AbortController()
    signals.push(leaving.signal)
    const cancel = world.timers.after(leavesAfterMs, () => leaving.abort(new Error('left')))
    const beganMs = world.clock.monotonicMs()
    const intention = { input: { account: 'a' }, options: {}, signal: leaving.signal }
    try {
      return await first(begin(arrow, intention))
    } finally {
      cancel()
      tooksMs.push(world.clock.monotonicMs() - beganMs)
    }
  }
  const endings = await world.run(Promise.all(calls.map(one)))
  await world.advance(0)
  return {
    endings,
    tooksMs,
    network,
    permits: neighbour.permits(),
    timers: world.timersPending,
    listeners: signals.reduce((sum, each) => sum + getEventListeners(each, 'abort').length, 0),
  }
}

const plan: fc.Arbitrary<Plan> = fc.record({
  exchanges: fc.array(
    fc.record({ fate: fc.constantFrom(...fates), tookMs: fc.integer({ min: 0, max: 300 }) }),
    { minLength: 1, maxLength: 12 },
  ),
  calls: fc.array(
    fc.record({
      atMs: fc.integer({ min: 0, max: 200 }),
      leavesAfterMs: fc.integer({ min: 1, max: 800 }),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  origins: fc.integer({ min: 1, max: 3 }),
})

test('after any calls no permit, timer or listener is left, and no bound was passed', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (each) => {
      const { endings, tooksMs, network, permits, timers, listeners } = await play(each)

      assert.deepEqual(
        { permits, timers, listeners, inFlight: network.inFlight },
        { permits: 0, timers: 0, listeners: 0, inFlight: 0 },
      )
      assert.equal(endings.length, each.calls.length)
      assert.ok(network.inFlightMost <= IN_FLIGHT_MAX, `${network.inFlightMost} at once`)
      assert.ok(Math.max(...tooksMs) <= DEADLINE_MS, `${Math.max(...tooksMs)} ms`)
      assert.ok(network.toldMs.every((ms) => ms >= 1 && ms <= DEADLINE_MS))
      assert.ok(endings.every(({ attempts }) => attempts >= 0 && attempts <= 3))
      // The budget: ten at the start, one free repeat of what was not sent for each call, no successes
      // enough for more in so short a time.
      assert.ok(network.sent <= 2 * each.calls.length + 11, `${network.sent} sent`)
    }),
    { numRuns: 150, seed: 7 },
  )
})
