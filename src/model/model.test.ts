/**
 * What a declaration refuses, and that it is a value: frozen, and complete.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { type Code, isHoldfastError } from '#errors'
import { command, contract, edge, event, query, service, sql, system, when } from './index.ts'

const payments = contract('payments', {
  charge: command({ input: z.object({ id: z.string() }), key: (input) => input.id }),
  note: command({ input: z.object({ id: z.string() }) }),
  balance: query({ input: z.object({}), output: z.object({ cents: z.int() }) }),
  charged: event({ payload: z.object({ id: z.string() }), key: (payload) => payload.id }),
})
const orders = contract('orders', { placed: event({ payload: z.object({ id: z.string() }) }) })
const db = sql({ migrations: new URL('file:///nowhere/') })

const refusedWith = (code: Code, part: RegExp) => (error: unknown) =>
  isHoldfastError(error, code) && part.test(error.message)

test('a contract is frozen all the way down, and its schemas are left alone', () => {
  assert.ok(Object.isFrozen(payments))
  assert.ok(Object.isFrozen(payments['~contract'].operations))
  assert.equal(Object.isFrozen(payments.charge.input), false)
})

test('an operation knows its name and its contract', () => {
  assert.equal(payments.charge.name, 'charge')
  assert.equal(payments.charge.contract, 'payments')
})

test('a name that cannot stand in a URL is refused', () => {
  const invalid = refusedWith('HF_DECLARATION_INVALID', /must match/)
  assert.throws(() => contract('Pay ments', {}), invalid)
  assert.throws(() => contract('pay', { 'a/b': orders.placed }), invalid)
})

test('a route that is declared twice is refused', () => {
  const route = { route: 'POST /pay' } as const
  const twice = {
    a: command({ input: z.object({}), http: route }),
    b: command({ input: z.object({}), http: route }),
  }
  assert.throws(() => contract('pay', twice), refusedWith('HF_DECLARATION_INVALID', /POST \/pay/))
})

test('G2: only a query or a keyed command is tried more than once by default', () => {
  const pay = edge(payments, { deadline: '2s' })
  assert.equal(pay.charge.policy.attemptsMax, 3)
  assert.equal(pay.balance.policy.attemptsMax, 3)
  assert.equal(pay.note.policy.attemptsMax, 1)
})

test("an operation's deadline tightens the edge's and never loosens it", () => {
  const pay = edge(payments, {
    deadline: '2s',
    ops: { charge: { deadline: '1s' }, balance: { deadline: '9s' } },
  })
  assert.equal(pay.charge.policy.deadlineMs, 1_000)
  assert.equal(pay.balance.policy.deadlineMs, 2_000)
})

// A JavaScript user has no compiler that would have said so.
const declared = (options: object): unknown => edge(payments, { deadline: '2s', ...options })

test('G3: what cannot be enforced is refused by name, and not ignored', () => {
  for (const [options, part] of [
    [{ ops: { charge: { hedge: '80ms' } } }, /charge.*'hedge'/],
    [{ ops: { note: { cache: { fresh: '1s' } } } }, /note.*'cache'/],
    [{ ops: { balance: { timeout: '1s' } } }, /balance.*'timeout'/],
    [{ retries: 3 }, /'retries'/],
    [{ concurrency: 0 }, /concurrency is 0, not a whole number from 1 to 10000/],
    [{ criticality: 'vital' }, /'vital'/],
    [{ transport: 'udp' }, /'udp' is neither session nor http/],
    [{ ops: { balance: { breaker: { failures: 50 } } } }, /breaker\.failures is 50/],
    [{ ops: { balance: { cache: { fresh: '1s', entries: 0 } } } }, /cache\.entries is 0/],
  ] as const)
    assert.throws(() => declared(options), refusedWith('HF_DECLARATION_INVALID', part))
})

test('every number of an edge is resolved, and it is known which were declared and where', () => {
  const { balance, note } = edge(payments, {
    deadline: '2s',
    concurrency: 8,
    criticality: 'sheddable',
    transport: 'http',
    ops: {
      balance: {
        deadline: '1s',
        hedge: true,
        breaker: { open: '2s' },
        cache: { fresh: '1s', staleIfError: '1m' },
      },
      note: { breaker: false },
    },
  })

  assert.equal(balance.policy.edge, note.policy.edge)
  assert.deepEqual(balance.policy.edge.bulkhead, { inFlightMax: 8, queueMax: 16, waitMsMax: 50 })
  assert.deepEqual(balance.policy.breaker, {
    callsMin: 20,
    failureShare: 0.5,
    badShare: 0.8,
    openMs: 2_000,
    openMsMax: 2_000,
  })
  assert.equal(balance.policy.cache?.staleIfErrorMs, 60_000)
  assert.deepEqual(balance.policy.declared, {
    deadlineMs: 'operation',
    'edge.criticality': 'edge',
    'edge.transport': 'edge',
    'edge.bulkhead.inFlightMax': 'edge',
    'breaker.openMs': 'operation',
    'hedge.delayMs': 'operation',
    'cache.freshMs': 'operation',
    'cache.staleIfErrorMs': 'operation',
  })
  assert.equal(note.policy.breaker, undefined)
  assert.equal(note.policy.declared['breaker'], 'operation')
})

test('a system names every fault at once', () => {
  const broken = service(orders, db, {
    uses: [edge(payments, { deadline: '1s' })],
    handle: {},
    when: [when(payments.charged, () => {}), when(payments.charged, () => {})],
  })
  assert.throws(
    () => system('shop', { services: [broken, broken] }),
    (error) =>
      isHoldfastError(error, 'HF_DECLARATION_INVALID') &&
      [
        "two services are called 'orders'",
        "calls 'payments'",
        "subscribes to 'payments'",
        'two handlers',
      ].every((part) => error.message.includes(part)),
  )
})

test('a system derives one event edge for each pair of producer and consumer', () => {
  const consumer = service(orders, db, { handle: {}, when: [when(payments.charged, () => {})] })
  const producer = service(payments, db, {
    handle: { charge: () => {}, note: () => {}, balance: () => ({ cents: 0 }) },
  })
  const { eventEdges } = system('shop', { services: [consumer, producer] })
  assert.deepEqual(eventEdges, [
    {
      name: 'payments>orders',
      source: 'payments',
      target: 'orders',
      events: ['charged'],
      skips: [],
      acknowledged: 'broker',
    },
  ])
})

test('S2: a service whose handlers do not match its contract is refused', () => {
  // A JavaScript user has no compiler that would have said so.
  const handle = { charge: () => {}, note: () => {}, nonsense: () => {} } as never
  assert.throws(
    () => service(payments, db, { handle }),
    refusedWith('HF_DECLARATION_INVALID', /balance.*nonsense/),
  )
})
