/**
 * Goal: each promise of an outgoing call is shown on the wire. Method: a scripted provider, a clock
 * that the test moves, and the requests as they crossed the network.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deadline } from '#clock'
import { caller, outgoing } from '#edge'
import { isHoldfastError } from '#errors'
import { edge, Refused } from '#model'
import { inContext, newTrace } from '#observe'
import type { ManualWorld } from '../../../test/support/manual-world.ts'
import { pay, payments, paymentsService, paymentsSystem } from '../../../test/support/payments.ts'
import {
  charge,
  json,
  lost,
  notSent,
  ORIGIN,
  problem,
  scripted,
  silence,
} from '../../../test/support/scripted.ts'
import { calls } from './caller.ts'

const authorized = json(200, { authId: 'a1' })

test('every stage of the list says why it stands where it stands', () => {
  assert.deepEqual(
    outgoing.map(({ name }) => name),
    [
      'fact',
      'declared',
      'input',
      'fallback',
      'deadline',
      'cache',
      'key',
      'attempts',
      'breaker',
      'bulkhead',
      'endpoint',
      'attempt deadline',
      'headers',
      'transport',
      'answer',
    ],
  )
  assert.ok(outgoing.every(({ why }) => why.length > 40))
})

test('a call is one POST with its deadline, key, caller, attempt and trace, and gives the typed answer', async () => {
  const { world, call, facts } = await scripted(authorized)

  const answer = await world.run(call(pay.authorize, charge))

  assert.deepEqual(answer, { authId: 'a1' })
  const [sent] = world.network.sent
  assert.equal(`${sent?.method} ${sent?.path}`, 'POST /payments/authorize')
  assert.deepEqual(JSON.parse(new TextDecoder().decode(sent?.body)), charge)
  assert.equal(sent?.headers['content-type'], 'application/json')
  assert.equal(sent?.headers['idempotency-key'], '"o1"')
  assert.equal(sent?.headers['holdfast-caller'], 'orders')
  assert.equal(sent?.headers['holdfast-attempt'], '1')
  assert.match(sent?.headers['traceparent'] ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  assert.deepEqual(
    facts.map((each) => each.fact === 'called' && [each.edge, each.ended, each.attempts]),
    [['orders>payments.authorize', 'done', 1]],
  )
  assert.equal(world.timersPending, 0)
})

test('an input that breaks the contract is never sent', async () => {
  const { world, call } = await scripted(authorized)

  // What is wrong for the compiler arrives at run time from plain JavaScript.
  const wrong = { orderId: 'o1', cents: 'many' } as unknown as typeof charge
  const outcome = await world.run(call.outcome(pay.authorize, wrong))

  assert.equal(outcome.kind, 'unsent')
  assert.equal(outcome.kind === 'unsent' && outcome.error.code, 'HF_INPUT_INVALID')
  assert.equal(world.network.sent.length, 0)
})

test('all attempts of one call carry one key and one call id, each its own attempt and span', async () => {
  const { world, call, facts } = await scripted(notSent, lost, json(200, { count: 1 }))

  await world.run(call(pay.pay, charge))

  const header = (name: string): (string | undefined)[] =>
    world.network.sent.map(({ headers }) => headers[name])
  assert.equal(new Set(header('idempotency-key')).size, 1)
  assert.match(header('idempotency-key')[0] ?? '', /^"[0-9a-f-]{36}"$/)
  assert.equal(new Set(header('holdfast-call-id')).size, 1)
  assert.deepEqual(header('holdfast-attempt'), ['1', '2', '3'])
  assert.equal(new Set(header('traceparent')).size, 3)
  assert.deepEqual(
    facts.map((each) => each.fact === 'called' && each.attempts),
    [3],
  )
})

test('two calls without a chosen key are two intents', async () => {
  const { world, call } = await scripted(json(200, { count: 1 }))

  await world.run(call(pay.pay, charge))
  await world.run(call(pay.pay, charge))

  const [first, second] = world.network.sent.map(({ headers }) => headers['idempotency-key'])
  assert.notEqual(first, second)
})

test('a chosen key is sent as it is, and refused where the contract derives the key', async () => {
  const { world, call } = await scripted(json(200, { count: 1 }))

  await world.run(call(pay.pay, charge, { key: 'say-"once"' }))
  const outcome = await world.run(call.outcome(pay.authorize, charge, { key: 'mine' }))

  assert.equal(world.network.sent[0]?.headers['idempotency-key'], String.raw`"say-\"once\""`)
  assert.equal(outcome.kind === 'unsent' && outcome.error.code, 'HF_KEY_INVALID')
  assert.equal(world.network.sent.length, 1)
})

test('the callee is told the deadline of the attempt, not that of the call', async () => {
  const { world, call } = await scripted(silence)

  const outcome = await world.run(call.outcome(pay.authorize, charge))

  assert.equal(outcome.kind, 'unknown')
  const told = world.network.sent.map(({ headers }) => Number(headers['holdfast-deadline-ms']))
  assert.equal(told[0], 600)
  assert.equal(told.length, 2)
  const [, second = 0] = told
  assert.ok(second > 300 && second < 400, `the second attempt got ${second} ms`)
  assert.ok(world.clock.monotonicMs() <= 1_000)
})

test('a command without a key gets the whole deadline for its one attempt', async () => {
  const { world, call } = await scripted(json(200, { count: 1 }))

  await world.run(call(pay.ping, {}))

  assert.equal(world.network.sent[0]?.headers['holdfast-deadline-ms'], '1000')
  assert.equal(world.network.sent[0]?.headers['idempotency-key'], undefined)
})

test('a call never gets more time than its caller has left, and less than that', async () => {
  const { world, call } = await scripted(json(200, { count: 1 }))
  const trace = newTrace(world.random)
  const context = { trace, deadline: Deadline.in(world.clock, 100), work: 'orders.place' }

  await world.run(inContext(context, () => call(pay.ping, {})))

  const { headers = {} } = world.network.sent[0] ?? {}
  assert.equal(headers['holdfast-deadline-ms'], '98')
  assert.equal(headers['traceparent']?.slice(3, 35), trace.traceId)
})

test('a call that nobody can wait for is not sent', async () => {
  const { world, call } = await scripted(authorized)
  const deadline = Deadline.in(world.clock, 2)
  const context = { trace: newTrace(world.random), deadline, work: 'orders.place' }

  const outcome = await world.run(inContext(context, () => call.outcome(pay.authorize, charge)))

  assert.equal(outcome.kind === 'unsent' && outcome.error.code, 'HF_DEADLINE_EXHAUSTED')
  assert.equal(world.network.sent.length, 0)
})

test('a command without a key is never sent again after its answer was lost', async () => {
  const { world, call } = await scripted(lost, json(200, { count: 1 }))

  const outcome = await world.run(call.outcome(pay.ping, {}))

  assert.equal(outcome.kind === 'unknown' && outcome.error.code, 'HF_CALL_LOST')
  assert.equal(world.network.sent.length, 1)
})

test('even with retries forced upon it, a command without a key is repeated only if it was not sent', async () => {
  // The compiler refuses `retry` here; plain JavaScript does not.
  const options: unknown = { deadline: '1s', ops: { ping: { retry: 3 } } }
  const forced = edge(payments, options as Parameters<typeof edge<typeof payments>>[1])
  const { world, call } = await scripted(notSent, lost, json(200, { count: 1 }))

  const outcome = await world.run(call.outcome(forced.ping, {}))

  assert.equal(outcome.kind === 'unknown' && outcome.error.code, 'HF_CALL_LOST')
  assert.equal(world.network.sent.length, 2)
})

test('a refusal is final: it is not tried again and reaches the caller typed', async () => {
  const refusal = problem(422, { refusal: 'declined', data: { reason: 'broke' }, effect: 'none' })
  const { world, call } = await scripted(refusal, authorized)

  const outcome = await world.run(call.outcome(pay.authorize, charge))

  assert.deepEqual(outcome, {
    kind: 'refused',
    refusal: { code: 'declined', data: { reason: 'broke' } },
  })
  assert.equal(world.network.sent.length, 1)
})

test('`call` throws a refusal as Refused and a failure as HoldfastError with the edge in its message', async () => {
  const refusal = problem(422, { refusal: 'declined', data: { reason: 'broke' } })
  const { world, call } = await scripted(refusal, notSent)

  await assert.rejects(world.run(call(pay.authorize, charge)), (error) => {
    assert.ok(error instanceof Refused)
    assert.deepEqual([error.code, error.data], ['declined', { reason: 'broke' }])
    return true
  })
  await assert.rejects(world.run(call(pay.authorize, charge)), (error) => {
    assert.ok(isHoldfastError(error, 'HF_CALL_NOT_SENT'))
    assert.match(error.message, /^orders>payments\.authorize: the call was not sent/)
    return true
  })
})

test('what an early attempt may have done, a later one that was not sent cannot undo', async () => {
  const { world, call } = await scripted(lost, notSent)

  const outcome = await world.run(call.outcome(pay.authorize, charge))

  assert.equal(outcome.kind, 'unknown')
  assert.equal(outcome.kind === 'unknown' && outcome.error.effect, 'unknown')
  assert.equal(world.network.sent.length, 3)
})

test('`Retry-After` is honoured: no attempt starts before it has passed', async () => {
  const moments: number[] = []
  const busy = problem(409, { code: 'HF_KEY_BUSY', effect: 'none' }, { 'retry-after': '2' })
  const slowEdge = edge(payments, { deadline: '10s' })
  const { world, call } = await scripted(
    (request) => (moments.push(world.clock.monotonicMs()), busy(request)),
    (request) => (moments.push(world.clock.monotonicMs()), authorized(request)),
  )

  await world.run(call(slowEdge.authorize, charge))

  const [first = 0, second = 0] = moments
  assert.ok(second - first >= 2_000, `the retry came after ${second - first} ms`)
  assert.ok(second - first <= 2_250)
})

test('a retry that cannot end in time is not waited for: the true failure is known at once', async () => {
  const busy = problem(503, { code: 'HF_DRAINING', effect: 'none' }, { 'retry-after': '5' })
  const { world, call } = await scripted(busy)

  const outcome = await world.run(call.outcome(pay.authorize, charge))

  assert.equal(outcome.kind === 'unsent' && outcome.error.code, 'HF_DRAINING')
  assert.equal(world.network.sent.length, 1)
  assert.equal(world.clock.monotonicMs(), 0)
})

for (const [name, step, code] of [
  [
    'a mistake of the caller',
    problem(400, { code: 'HF_INPUT_INVALID', effect: 'none' }),
    'HF_INPUT_INVALID',
  ],
  [
    'a key of another input',
    problem(422, { code: 'HF_KEY_REUSED', effect: 'none' }),
    'HF_KEY_REUSED',
  ],
  [
    'a bug of the callee',
    problem(500, { code: 'HF_HANDLER_FAILED', effect: 'none' }),
    'HF_HANDLER_FAILED',
  ],
  ['a 404 of a stranger', json(404, {}), 'HF_CALL_DENIED'],
] as const) {
  test(`${name} is not tried again`, async () => {
    const { world, call } = await scripted(step)

    const outcome = await world.run(call.outcome(pay.authorize, charge))

    assert.equal(outcome.kind === 'unsent' && outcome.error.code, code)
    assert.equal(world.network.sent.length, 1)
  })
}

test('a caller that goes away during the pause ends the call in that moment', async () => {
  const { world } = await scripted(lost)
  const service = paymentsService()
  const away = new AbortController()
  const consumer = { ...service, uses: [pay] }
  const site = siteOf(world, consumer)
  const work = calls(site).within(away.signal).outcome(pay.authorize, charge)
  await world.advance(0)

  away.abort(new Error('gone'))
  const outcome = await work

  assert.equal(outcome.kind === 'unknown' && outcome.error.code, 'HF_CALL_LOST')
  assert.equal(world.network.sent.length, 1)
  assert.equal(world.timersPending, 0)
})

test('a service cannot call over an edge that it does not declare, and no fallback hides it', async () => {
  const { world } = await scripted(authorized)
  const soft = edge(payments, {
    deadline: '1s',
    ops: { authorize: { fallback: { authId: 'none' } } },
  })

  const outcome = await world.run(
    caller(siteOf(world, paymentsService())).outcome(soft.authorize, charge),
  )

  assert.equal(outcome.kind === 'unsent' && outcome.error.code, 'HF_CALL_UNDECLARED')
  assert.equal(world.network.sent.length, 0)
})

test('a declared fallback answers for a callee that is away, and is marked as degraded', async () => {
  const soft = edge(payments, {
    deadline: '1s',
    ops: { balance: { fallback: { cents: 0 } }, authorize: { fallback: { authId: 'none' } } },
  })
  const { world, call } = await scripted(
    notSent,
    notSent,
    notSent,
    problem(422, { refusal: 'declined', data: { reason: 'broke' } }),
    problem(400, { code: 'HF_INPUT_INVALID', effect: 'none' }),
  )

  const away = await world.run(call.outcome(soft.balance, { account: 'a' }))
  const refused = await world.run(call.outcome(soft.authorize, charge))
  const wrong = await world.run(call.outcome(soft.authorize, charge))

  assert.deepEqual(away, { kind: 'done', value: { cents: 0 }, degraded: true })
  assert.equal(refused.kind, 'refused')
  assert.equal(wrong.kind, 'unsent')
})

function siteOf(
  world: ManualWorld,
  service: ReturnType<typeof paymentsService>,
): Parameters<typeof caller>[0] {
  return {
    service,
    system: paymentsSystem(paymentsService()),
    world,
    // A caller needs no database: if it touched one, the test would fail.
    database: undefined as never,
    resolve: () => ORIGIN,
    observe: () => {},
    wake: () => {},
  }
}
