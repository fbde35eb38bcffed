/**
 * Goal: each policy that an edge declares is seen on the wire, and its permits are given back. Method:
 * providers that answer by a script, at one origin or several, and a clock that the test moves.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deadline } from '#clock'
import { standaloneCaller } from '#edge'
import type { HoldfastError } from '#errors'
import { type Call, edge } from '#model'
import { inContext, newTrace } from '#observe'
import type { WireHandler } from '#world'
import { ManualWorld } from '../../../test/support/manual-world.ts'
import { pay, payments } from '../../../test/support/payments.ts'
import {
  charge,
  json,
  lost,
  notSent,
  problem,
  scripted,
  silence,
} from '../../../test/support/scripted.ts'

const balanced = json(200, { cents: 5 })
const authorized = json(200, { authId: 'a1' })
const account = { account: 'a' }
const overloaded = problem(
  503,
  { code: 'HF_OVERLOADED', effect: 'none' },
  { 'holdfast-retry': 'elsewhere' },
)

/** An outcome of any operation. */
interface Ended {
  readonly kind: string
  readonly error?: HoldfastError
}

const codeOf = ({ kind, error }: Ended): string => error?.code ?? kind

/** Several instances of payments, each with its own behaviour. */
async function instances(...handlers: readonly WireHandler[]): Promise<{
  readonly world: ManualWorld
  readonly call: Call
  readonly sentTo: () => string
}> {
  const world = new ManualWorld()
  const origins = handlers.map((_, index) => `http://payments:${index + 1}`)
  for (const [index, handler] of handlers.entries())
    // oxlint-disable-next-line no-await-in-loop -- in their order
    await world.network.listen({ host: 'payments', port: index + 1 }, handler)
  const call = standaloneCaller({ world, resolve: () => origins })
  const sentTo = (): string => world.network.sent.map(({ origin }) => origin.slice(-1)).join('')
  return { world, call, sentTo }
}

/** Answers after so long. */
const after =
  (world: () => ManualWorld, ms: number, then: WireHandler): WireHandler =>
  async (request) => {
    await new Promise<void>((resolve) => world().timers.after(ms, resolve))
    return then(request)
  }

test('the budget bounds what an edge adds to the load of a callee that is down', async () => {
  const { world, call } = await scripted(lost)
  const loose = edge(payments, { deadline: '1s', ops: { balance: { breaker: false } } })

  for (let index = 0; index < 100; index += 1)
    // oxlint-disable-next-line no-await-in-loop -- one after the other is the load
    await world.run(call.outcome(loose.balance, account))

  // Ten retries are in the jar; one more drips in for each ten seconds that all this took.
  const drips = Math.ceil(world.clock.monotonicMs() / 10_000)
  assert.ok(world.network.sent.length >= 110)
  assert.ok(world.network.sent.length <= 110 + drips, `${world.network.sent.length} attempts`)
})

test('a failure whose retries are spent tells everybody above not to try again', async () => {
  const { world, call } = await scripted(lost)

  const outcome = await world.run(call.outcome(pay.balance, account))

  assert.equal(outcome.kind === 'unknown' && outcome.error.advice, 'never')
})

test('a callee that says `never` is not asked again, and the word travels on', async () => {
  const spent = problem(
    502,
    { code: 'HF_CALL_FAILED', effect: 'none' },
    { 'holdfast-retry': 'never' },
  )
  const { world, call } = await scripted(spent)

  const outcome = await world.run(call.outcome(pay.balance, account))

  assert.equal(outcome.kind === 'unsent' && outcome.error.advice, 'never')
  assert.equal(world.network.sent.length, 1)
})

test('the circuit opens on its own operation only, refuses for nothing, and tries itself out', async () => {
  const { world, call } = await scripted(
    problem(500, { code: 'HF_HANDLER_FAILED', effect: 'none' }),
  )
  const once = async (): Promise<Ended> => world.run(call.outcome(pay.balance, account))
  for (let index = 0; index < 20; index += 1)
    // oxlint-disable-next-line no-await-in-loop -- one after the other is the load
    await once()

  const open = await once()
  const other = await world.run(call.outcome(pay.authorize, charge))
  const sentWhileOpen = world.network.sent.length
  await world.advance(1_300)
  const trial = await once()

  assert.equal(codeOf(open), 'HF_CIRCUIT_OPEN')
  assert.equal(open.kind, 'unsent')
  assert.equal(codeOf(other), 'HF_HANDLER_FAILED')
  assert.equal(sentWhileOpen, 21)
  assert.equal(codeOf(trial), 'HF_HANDLER_FAILED')
})

test('what a full bulkhead refuses never opens the circuit', async () => {
  const { world, call } = await scripted(silence)
  const narrow = edge(payments, {
    deadline: '10s',
    concurrency: { inFlight: 1, queue: 0 },
    ops: { balance: { retry: 1 } },
  })
  const first = call.outcome(narrow.balance, account)
  await world.advance(0)

  const refused = await world.run(
    Promise.all(Array.from({ length: 60 }, async () => call.outcome(narrow.balance, account))),
  )

  assert.deepEqual(new Set(refused.map(codeOf)), new Set(['HF_BULKHEAD_FULL']))
  assert.equal(codeOf(await world.run(first)), 'HF_CALL_TIMEOUT')
})

test('mistakes of the caller and exceeded quotas never open the circuit', async () => {
  const wrong = problem(400, { code: 'HF_INPUT_INVALID', effect: 'none' })
  const throttled = problem(429, { code: 'HF_QUOTA_EXCEEDED', effect: 'none' })
  const { world, call } = await scripted(wrong)
  const other = await scripted(throttled)

  for (let index = 0; index < 60; index += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other is the load
    assert.equal(codeOf(await world.run(call.outcome(pay.balance, account))), 'HF_INPUT_INVALID')
    // oxlint-disable-next-line no-await-in-loop -- one after the other is the load
    const last = await other.world.run(other.call.outcome(pay.balance, account))
    assert.equal(codeOf(last), 'HF_QUOTA_EXCEEDED')
  }
})

test('the bulkhead bounds what is under way, lets a few wait for a moment, and refuses the rest', async () => {
  const { world, call } = await scripted(silence)
  const narrow = edge(payments, {
    deadline: '1s',
    concurrency: { inFlight: 2, queue: 1, wait: '40ms' },
    ops: { balance: { retry: 1 } },
  })

  const work = Promise.all([1, 2, 3, 4].map(() => call.outcome(narrow.balance, account)))
  await world.advance(0)
  const sentAtOnce = world.network.sent.length
  await world.advance(39)
  const sentLater = world.network.sent.length
  const outcomes = await world.run(work)

  assert.deepEqual([sentAtOnce, sentLater], [2, 2])
  assert.deepEqual(outcomes.map(codeOf), [
    'HF_CALL_TIMEOUT',
    'HF_CALL_TIMEOUT',
    'HF_BULKHEAD_FULL',
    'HF_BULKHEAD_FULL',
  ])
  assert.deepEqual(
    outcomes.map(({ kind }) => kind),
    ['unknown', 'unknown', 'unsent', 'unsent'],
  )
  assert.equal(world.timersPending, 0)
})

test('who waits in the bulkhead is sent in the moment in which a slot is free', async () => {
  const world: { now?: ManualWorld } = {}
  const slow = after(() => world.now ?? assert.fail('no world'), 20, balanced)
  const set = await scripted(slow)
  world.now = set.world
  const narrow = edge(payments, { deadline: '1s', concurrency: 1, ops: { balance: { retry: 1 } } })

  const outcomes = await set.world.run(
    Promise.all([1, 2].map(() => set.call.outcome(narrow.balance, account))),
  )

  assert.deepEqual(outcomes.map(codeOf), ['done', 'done'])
  assert.equal(set.world.clock.monotonicMs(), 40)
  assert.equal(set.world.timersPending, 0)
})

test('a retry goes to another endpoint, at once if nothing was done at the first', async () => {
  const { world, call, sentTo } = await instances(overloaded, overloaded, balanced)

  const answer = await world.run(call(pay.balance, account))

  assert.deepEqual(answer, { cents: 5 })
  assert.equal(new Set(sentTo()).size, sentTo().length, `sent to ${sentTo()}`)
})

test('an instance that stops sends its callers elsewhere, and its `Retry-After` holds for it alone', async () => {
  const draining = problem(
    503,
    { code: 'HF_DRAINING', effect: 'none' },
    { 'retry-after': '1', 'holdfast-retry': 'elsewhere' },
  )
  const { world, call, sentTo } = await instances(draining, balanced)
  // The first call learns that there are two.
  await world.run(call.outcome(pay.balance, account))
  const beganMs = world.clock.monotonicMs()

  for (let index = 0; index < 20; index += 1)
    // oxlint-disable-next-line no-await-in-loop -- one after the other is the load
    assert.deepEqual(await world.run(call(pay.balance, account)), { cents: 5 })

  assert.equal(world.clock.monotonicMs(), beganMs)
  assert.ok(sentTo().split('1').length - 1 <= 1, sentTo())
})

test('an endpoint that fails is left out, and the callers see nothing of it', async () => {
  const { world, call, sentTo } = await instances(notSent, balanced, balanced)

  for (let index = 0; index < 200; index += 1)
    // oxlint-disable-next-line no-await-in-loop -- one after the other is the load
    assert.deepEqual(await world.run(call(pay.balance, account)), { cents: 5 })

  const toBroken = sentTo().split('1').length - 1
  assert.ok(toBroken <= 5, `${toBroken} attempts went to the broken endpoint`)
})

test('a hedge asks another endpoint when the answer is late, and the loser is called off', async () => {
  const { world, call, sentTo } = await instances(silence, balanced)
  const hedged = edge(payments, {
    deadline: '1s',
    ops: { balance: { hedge: '80ms', breaker: false } },
  })
  // The first call learns the endpoints: a hedge needs two of them.
  await world.run(call.outcome(hedged.balance, account))
  const beganMs = world.clock.monotonicMs()
  const sentBefore = sentTo().length

  // What the silent one is known for fades after 20 s; then it is asked again, and hedged.
  for (let index = 0; index < 5; index += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other is the load
    assert.deepEqual(await world.run(call(hedged.balance, account)), { cents: 5 })
    // oxlint-disable-next-line no-await-in-loop -- one after the other is the load
    await world.advance(21_000)
  }

  const waitedMs = world.clock.monotonicMs() - beganMs - 105_000
  const hedges = sentTo().length - sentBefore - 5
  assert.ok(hedges >= 1, 'the silent endpoint was never asked')
  assert.equal(Math.round(waitedMs), 80 * hedges)
  assert.equal(world.timersPending, 0)
})

test('a thousand callers who ask the same are one question, and a hit is no call', async () => {
  const { world, call, facts } = await scripted(balanced)
  const kept = edge(payments, { deadline: '1s', ops: { balance: { cache: { fresh: '10s' } } } })

  const answers = await world.run(
    Promise.all(Array.from({ length: 1_000 }, async () => call(kept.balance, account))),
  )
  const hit = await world.run(call(kept.balance, account))
  await world.run(call(kept.balance, { account: 'b' }))

  assert.ok(answers.every(({ cents }) => cents === 5))
  assert.deepEqual(hit, { cents: 5 })
  assert.equal(world.network.sent.length, 2)
  const attempts = facts.map((each) => (each.fact === 'called' ? each.attempts : 0))
  assert.equal(
    attempts.reduce((sum, each) => sum + each, 0),
    2,
  )
  assert.equal(world.timersPending, 0)
})

test('who stops waiting costs the others nothing, and after the last one the question is called off', async () => {
  const set: { world?: ManualWorld; isCalledOff?: boolean } = {}
  const slow: WireHandler = async (request) => {
    request.signal.addEventListener('abort', () => (set.isCalledOff = true))
    await new Promise<void>((resolve) => set.world?.timers.after(300, resolve))
    return balanced(request)
  }
  const { world, call } = await scripted(slow)
  set.world = world
  const kept = edge(payments, {
    deadline: '1s',
    ops: { balance: { cache: { fresh: '10s' }, retry: 1 } },
  })
  const within = async (ms: number, input: typeof account): Promise<Ended> =>
    inContext(
      { trace: newTrace(world.random), deadline: Deadline.in(world.clock, ms), work: 'test' },
      () => call.outcome(kept.balance, input),
    )

  const [hasty, patient] = await world.run(
    Promise.all([within(100, account), within(900, account)]),
  )
  const wasCalledOff = set.isCalledOff
  const alone = await world.run(within(100, { account: 'b' }))
  await world.advance(0)

  assert.deepEqual([codeOf(hasty), codeOf(patient)], ['HF_CALL_TIMEOUT', 'done'])
  assert.equal(wasCalledOff, undefined)
  assert.equal(codeOf(alone), 'HF_CALL_TIMEOUT')
  assert.equal(set.isCalledOff, true)
  assert.equal(world.network.sent.length, 2)
})

test('a kept answer is frozen, so that no caller can change what the next one gets', async () => {
  const { world, call } = await scripted(balanced)
  const kept = edge(payments, { deadline: '1s', ops: { balance: { cache: { fresh: '10s' } } } })

  const answer: { cents: number } = await world.run(call(kept.balance, account))

  assert.throws(() => (answer.cents = 9), TypeError)
})

test('when the callee is gone an old answer is served as degraded, but garbage never replaces it', async () => {
  const { world, call } = await scripted(balanced, json(200, { cents: 'many' }), notSent)
  const cache = { fresh: '1s', staleWhileRevalidate: '1ms', staleIfError: '1m' } as const
  const kept = edge(payments, { deadline: '1s', ops: { balance: { cache, retry: 1 } } })
  await world.run(call(kept.balance, account))

  await world.advance(2_000)
  const garbage = await world.run(call.outcome(kept.balance, account))
  const gone = await world.run(call.outcome(kept.balance, account))
  await world.advance(62_000)
  const tooOld = await world.run(call.outcome(kept.balance, account))

  const stale = { kind: 'done', value: { cents: 5 }, degraded: true }
  assert.deepEqual(garbage, stale)
  assert.deepEqual(gone, stale)
  assert.equal(codeOf(tooOld), 'HF_CALL_NOT_SENT')
})

test('while it is a little stale the old answer is served at once, and one question fetches a new one', async () => {
  const { world, call } = await scripted(balanced, json(200, { cents: 6 }))
  const kept = edge(payments, { deadline: '1s', ops: { balance: { cache: { fresh: '1s' } } } })
  await world.run(call(kept.balance, account))
  await world.advance(1_500)

  const [first, second] = await world.run(
    Promise.all([call(kept.balance, account), call(kept.balance, account)]),
  )
  await world.advance(0)
  const third = await world.run(call(kept.balance, account))

  assert.deepEqual([first, second, third], [{ cents: 5 }, { cents: 5 }, { cents: 6 }])
  assert.equal(world.network.sent.length, 2)
})

test('every call claims a criticality, which the edge may lower', async () => {
  const { world, call } = await scripted(authorized)
  const lowly = edge(payments, { deadline: '1s', criticality: 'sheddable' })

  await world.run(call(pay.authorize, charge))
  await world.run(call(lowly.authorize, charge))

  assert.deepEqual(
    world.network.sent.map(({ headers }) => headers['holdfast-criticality']),
    ['critical', 'sheddable'],
  )
})
