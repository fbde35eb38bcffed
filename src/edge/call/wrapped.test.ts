/**
 * Goal: a function of the user's own has every policy of an edge around it, and none is bent for it.
 * Method: functions that end by a script, ignore their signal or throw, on a clock that the test moves.
 */
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import fc from 'fast-check'
import { HoldfastError, isHoldfastError } from '#errors'
import { command, contract, edge, type EdgeOptions, query, Refused, unchecked } from '#model'
import { currentContext, type Fact } from '#observe'
import { z } from 'zod'
import { ManualWorld, settle } from '../../../test/support/manual-world.ts'
import { outgoing } from './outgoing.ts'
import { ofOneRequest, type Thrown } from './status.ts'
import { stagesAround, wrapped } from './wrapped.ts'

const stripe = contract('stripe', {
  charge: command({
    input: z.object({ orderId: z.string(), cents: z.int() }),
    output: z.object({ id: z.string() }),
    refuses: { declined: z.object({ reason: z.string() }) },
    key: ({ orderId }) => orderId,
  }),
  note: command({ input: unchecked<string>() }),
  rate: query({ input: unchecked<string>(), output: z.number() }),
})

const order = { orderId: 'o1', cents: 500 }
const throttled = new HoldfastError('HF_QUOTA_EXCEEDED', { detail: 'slowly', retryAfterMs: 300 })

/** The edge with other options than its deadline. */
function over(options: Partial<EdgeOptions<typeof stripe>> = {}) {
  return edge(stripe, { deadline: '1s', ...options })
}

/** Each step is one attempt; the last one answers all that follow. A step that is an error is thrown. */
function script<T>(...steps: readonly (T | Error)[]): { next: () => T; count: () => number } {
  let count = 0
  const next = (): T => {
    const step = steps[Math.min(count, steps.length - 1)]
    count += 1
    if (step instanceof Error) throw step
    return step as T
  }
  return { next, count: () => count }
}

test('F1: the stages around a function are those of a call, in their order, but for the wire', () => {
  const around = stagesAround({ run: () => 1, meaningOf: () => undefined })

  const shared = around.slice(0, -1)
  assert.deepEqual(
    shared,
    outgoing.filter((stage) => shared.includes(stage)),
  )
  assert.deepEqual(
    outgoing.filter((stage) => !shared.includes(stage)).map(({ name }) => name),
    ['endpoint', 'headers', 'transport', 'answer'],
  )
  assert.equal(around.at(-1)?.name, 'function')
})

test('a function gets its input as the schema reads it, one key for all attempts, and its time', async () => {
  const world = new ManualWorld()
  const seen: unknown[] = []
  const { next } = script<{ id: string }>(new Error('reset'), { id: 'ch1' })
  const { charge } = wrapped(
    over(),
    {
      charge: (input, { key, attempt, remainingMs, signal }) => {
        seen.push([input, key, attempt, remainingMs <= 1_000, signal.aborted])
        return next()
      },
    },
    { world },
  )

  assert.deepEqual(await world.run(charge(order)), { id: 'ch1' })
  assert.deepEqual(seen, [
    [order, 'o1', 1, true, false],
    [order, 'o1', 2, true, false],
  ])
})

test('what a function throws may have happened: it is repeated under a key, and never without', async () => {
  const world = new ManualWorld()
  const keyed = script<{ id: string }>(new Error('reset'))
  const plain = script<void>(new Error('reset'))
  const both = wrapped(over(), { charge: keyed.next, note: plain.next }, { world })

  const first = await world.run(both.charge.outcome(order))
  const second = await world.run(both.note.outcome('hello'))

  assert.deepEqual([first.kind, keyed.count()], ['unknown', 2])
  assert.deepEqual([second.kind, plain.count()], ['unknown', 1])
  assert.ok('error' in second && /the function threw: reset/.test(second.error.message))
})

test('a failure that says that nothing happened is believed, and its Retry-After kept', async () => {
  const world = new ManualWorld()
  const { next, count } = script<void>(throttled, undefined)
  const { note } = wrapped(over({ ops: {} }), { note: next }, { world })

  const outcome = await world.run(note.outcome('hello'))

  assert.equal(outcome.kind, 'unsent')
  assert.ok('error' in outcome && outcome.error.retryAfterMs === 300)
  assert.equal(count(), 1, 'a command without a key has one attempt, whatever happened')
})

test('who wraps a function may say what its errors mean', async () => {
  const words: readonly [Thrown, kind: string, attempts: number][] = [
    [{ means: 'unsent' }, 'unsent', 3],
    [{ means: 'busy' }, 'unsent', 3],
    [{ means: 'throttled', retryAfterMs: 10 }, 'unsent', 3],
    [{ means: 'denied' }, 'unsent', 1],
    [{ means: 'unknown' }, 'unknown', 2],
  ]
  for (const [thrown, kind, attempts] of words) {
    const world = new ManualWorld()
    const { next, count } = script<{ id: string }>(new Error('no'))
    const { charge } = wrapped(
      over({ deadline: '9s' }),
      { charge: next },
      {
        world,
        meaningOf: () => thrown,
      },
    )
    const outcome = await world.run(charge.outcome(order))
    assert.deepEqual([outcome.kind, count()], [kind, attempts], thrown.means)
  }
})

test('of one request a status and a connection that was never made are read, and nothing else', () => {
  const read: readonly [unknown, string][] = [
    [Object.assign(new Error(), { status: 429 }), 'throttled'],
    [Object.assign(new Error(), { statusCode: 503 }), 'busy'],
    [Object.assign(new Error(), { response: { status: 404 } }), 'denied'],
    [Object.assign(new Error(), { status: 409 }), 'unknown'],
    [Object.assign(new Error(), { status: 500 }), 'unknown'],
    [new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } }), 'unsent'],
    [Object.assign(new Error(), { code: 'ECONNRESET' }), 'unknown'],
    ['a string', 'unknown'],
    [undefined, 'unknown'],
  ]
  for (const [error, word] of read) assert.equal(ofOneRequest(error).means, word)
})

test('W1: a function that ignores its signal is left at the deadline, and keeps its slot until it ends', async () => {
  const world = new ManualWorld()
  let running = 0
  let most = 0
  const deaf = async (): Promise<number> => {
    running += 1
    most = Math.max(most, running)
    await new Promise<void>((resolve) => world.timers.after(5_000, resolve))
    running -= 1
    return 1
  }
  const narrow = over({
    deadline: '100ms',
    concurrency: { inFlight: 2, queue: 0 },
    ops: { rate: { retry: 1, breaker: false } },
  })
  const { rate } = wrapped(narrow, { rate: deaf }, { world })

  const first = await world.run(Promise.all([1, 2, 3].map(async () => rate.outcome('eur'))))
  const atMs = world.clock.monotonicMs()
  await world.advance(1_000)
  const second = await world.run(rate.outcome('eur'))
  await world.advance(5_000)
  const third = rate.outcome('eur')
  await settle()

  const codes = first.map((each) => ('error' in each ? each.error.code : each.kind))
  assert.deepEqual(codes, ['HF_CALL_TIMEOUT', 'HF_CALL_TIMEOUT', 'HF_BULKHEAD_FULL'])
  assert.equal(atMs, 100)
  assert.ok('error' in second && second.error.code === 'HF_BULKHEAD_FULL')
  assert.deepEqual([most, running], [2, 1], 'once they had ended, there was room again')
  await world.run(third)
  await world.advance(9_000)
})

test('who leaves is heard at once, by the function too', async () => {
  const world = new ManualWorld()
  const leaving = new AbortController()
  let heard: unknown
  const { rate } = wrapped(
    over(),
    {
      rate: (_, { signal }) => {
        signal.addEventListener('abort', () => (heard = signal.reason))
        return new Promise<number>(() => {})
      },
    },
    { world },
  )

  const call = rate.outcome('eur', { signal: leaving.signal })
  await settle()
  leaving.abort('the reader closed the page')
  const outcome = await world.run(call)

  assert.equal(outcome.kind, 'unknown')
  assert.equal(heard, 'the reader closed the page')
  assert.equal(world.clock.monotonicMs(), 0)
  assert.equal(getEventListeners(leaving.signal, 'abort').length, 0)
})

test('W3: what a function gives is checked, and its declared no is a refusal', async () => {
  const world = new ManualWorld()
  const give = script<unknown>({ id: 7 }, { id: 'ch1' })
  const answers = wrapped(
    over({ ops: { charge: { retry: 1 } } }),
    {
      charge: (_input, { refuse }) => {
        const given = give.next()
        // A function without types may give anything: that is what this test is about.
        return give.count() > 2
          ? refuse.declined({ reason: 'no money' })
          : (given as { id: string })
      },
    },
    { world },
  )

  const wrong = await world.run(answers.charge.outcome(order))
  const right = await world.run(answers.charge.outcome(order))
  const declined = await world.run(answers.charge.outcome(order))

  assert.ok('error' in wrong && wrong.error.code === 'HF_ANSWER_INVALID')
  assert.equal(right.kind, 'done')
  assert.deepEqual(declined, {
    kind: 'refused',
    refusal: { code: 'declined', data: { reason: 'no money' } },
  })
  await assert.rejects(world.run(answers.charge(order)), Refused)
})

test('breaker, cache and fallback stand around a function as around a service', async () => {
  const world = new ManualWorld()
  const facts: Fact[] = []
  const broken = script<number>(7, new Error('down'))
  const careful = over({
    ops: { rate: { retry: 1, breaker: { calls: 3 }, cache: { fresh: '1s' }, fallback: 1 } },
  })
  const { rate } = wrapped(
    careful,
    { rate: broken.next },
    { world, observe: (fact) => facts.push(fact) },
  )

  assert.deepEqual([await world.run(rate('eur')), await world.run(rate('eur'))], [7, 7])
  assert.equal(broken.count(), 1, 'the second was not asked for')
  for (const currency of ['usd', 'gbp', 'chf', 'sek', 'nok'])
    assert.deepEqual(await world.run(rate.outcome(currency)), {
      kind: 'done',
      value: 1,
      degraded: true,
    })
  assert.equal(broken.count(), 3, 'after three results, two of them failures, the circuit is open')
  assert.equal(facts.filter(({ fact }) => fact === 'called').length, 7)
})

test('what a function calls inherits the time of its attempt', async () => {
  const world = new ManualWorld()
  let inherited: number | undefined
  const inner = wrapped(
    over({ deadline: '60s' }),
    {
      rate: (_, { remainingMs }) => (inherited = remainingMs),
    },
    { world },
  )
  const outer = wrapped(
    over({ deadline: '400ms', ops: { rate: { retry: 1 } } }),
    {
      rate: async (currency) => {
        assert.ok(currentContext()?.deadline !== undefined)
        return inner.rate(currency)
      },
    },
    { world },
  )

  await world.run(outer.rate('eur'))

  assert.ok(inherited !== undefined && inherited <= 400, `${inherited} ms`)
})

test('F3: what cannot be enforced around a function is refused by name', () => {
  const world = new ManualWorld()
  const hedged = over({ ops: { rate: { hedge: true } } })

  assert.throws(() => wrapped(hedged, { rate: () => 1 }, { world }), /no second endpoint/)
  const stray: object = { pay: () => 1 }
  assert.throws(() => wrapped(over(), stray, { world }), /no operation 'pay'/)
})

test('after any calls no slot, timer or listener is left, and no more ran at once than the edge says', async () => {
  const fate = fc.record({
    how: fc.constantFrom('done', 'throws', 'unsent', 'deaf', 'garbage'),
    tookMs: fc.integer({ min: 0, max: 300 }),
  })
  const plan = fc.record({
    fates: fc.array(fate, { minLength: 1, maxLength: 10 }),
    calls: fc.array(
      fc.record({
        atMs: fc.integer({ min: 0, max: 200 }),
        leavesMs: fc.integer({ min: 1, max: 500 }),
      }),
      { minLength: 1, maxLength: 12 },
    ),
  })
  const narrow = over({
    deadline: '250ms',
    concurrency: { inFlight: 3, queue: 2, wait: '30ms' },
    ops: { rate: { retry: 3 } },
  })
  await fc.assert(
    fc.asyncProperty(plan, async ({ fates, calls }) => {
      const world = new ManualWorld()
      const state = { begun: 0, running: 0, most: 0 }
      const sleep = async (ms: number): Promise<void> =>
        new Promise((resolve) => void world.timers.after(ms, resolve))
      const run = async (
        _: string,
        { signal }: { readonly signal: AbortSignal },
      ): Promise<number> => {
        const { how, tookMs } = fates[state.begun % fates.length] ?? assert.fail('a fate')
        state.begun += 1
        state.running += 1
        state.most = Math.max(state.most, state.running)
        await sleep(how === 'deaf' ? 700 : tookMs).finally(() => (state.running -= 1))
        if (how === 'throws' || signal.aborted) throw new Error('threw')
        if (how === 'unsent') throw new HoldfastError('HF_CALL_NOT_SENT', { detail: 'refused' })
        // A function without types may give anything.
        return how === 'garbage' ? ('seven' as unknown as number) : 7
      }
      const { rate } = wrapped(narrow, { rate: run }, { world })
      const signals: AbortSignal[] = []
      const one = async ({ atMs, leavesMs }: (typeof calls)[number]): Promise<void> => {
        await sleep(atMs)
        const leaving = new AbortController()
        signals.push(leaving.signal)
        const cancel = world.timers.after(leavesMs, () => leaving.abort(new Error('left')))
        const beganMs = world.clock.monotonicMs()
        const outcome = await rate.outcome('eur', { signal: leaving.signal })
        cancel()
        assert.ok(world.clock.monotonicMs() - beganMs <= 250)
        if ('error' in outcome) assert.ok(isHoldfastError(outcome.error))
        else assert.deepEqual(outcome, { kind: 'done', value: 7, degraded: false })
      }
      await world.run(Promise.all(calls.map(one)))
      await world.advance(2_000)

      assert.ok(state.most <= 3, `${state.most} ran at once`)
      assert.equal(state.running, 0)
      assert.equal(world.timersPending, 0)
      const listeners = signals.map((each) => getEventListeners(each, 'abort').length)
      assert.deepEqual(
        listeners,
        listeners.map(() => 0),
      )
      const room = await world.run(
        Promise.allSettled([1, 2, 3].map(async () => rate.outcome('eur'))),
      )
      const full = room.filter(
        (each) =>
          each.status === 'fulfilled' &&
          'error' in each.value &&
          each.value.error.code === 'HF_BULKHEAD_FULL',
      )
      assert.equal(full.length, 0, 'every slot was given back')
    }),
    { numRuns: 150 },
  )
})
