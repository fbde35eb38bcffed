/**
 * Both ends of a session, without a network: what a call may believe about its fate.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HoldfastError, isHoldfastError } from '#errors'
import type { WireHandler, WireResponse } from '#world'
import { SessionPair, sessionRequest } from '../../../test/support/session-pair.ts'

const echo: WireHandler = async ({ readBody }) => answer(await readBody(10_000_000))

function answer(body: Uint8Array): WireResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body }
}

/** Runs until somebody ends it. */
function held(): {
  readonly handle: WireHandler
  readonly signals: AbortSignal[]
  readonly end: () => void
} {
  const { promise, resolve } = Promise.withResolvers<void>()
  const signals: AbortSignal[] = []
  const handle: WireHandler = async ({ signal }) => {
    signals.push(signal)
    await promise
    return answer(Buffer.from('"late"'))
  }
  return { handle, signals, end: resolve }
}

async function failureOf(sent: Promise<unknown>): Promise<HoldfastError> {
  const error = await sent.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(isHoldfastError(error), String(error))
  return error
}

/** A session on which both ends have said what they take. */
async function agreed(handle: WireHandler, pieceBytes = Infinity): Promise<SessionPair> {
  const pair = new SessionPair(handle, { pieceBytes })
  await pair.move()
  return pair
}

for (const pieceBytes of [1, 7, Infinity]) {
  test(`a request and its answer arrive as they were sent, in pieces of ${pieceBytes} bytes`, async () => {
    const pair = await agreed(async ({ method, path, headers, readBody }) => {
      const body = (await readBody(100)).toString()
      return answer(Buffer.from(JSON.stringify({ method, path, mine: headers['x-mine'], body })))
    }, pieceBytes)

    const sent = pair.calling.send(sessionRequest())
    await pair.move()

    const { status, headers, body } = await sent
    assert.deepEqual([status, headers], [200, { 'content-type': 'application/json' }])
    assert.deepEqual(JSON.parse(body.toString()), {
      method: 'POST',
      path: '/payments/authorize',
      mine: 'a b',
      body: '{"cents":5}',
    })
  })
}

test('C1: a request that was not given to the connection was not sent; one that was is lost', async () => {
  const { handle } = held()
  const pair = await agreed(handle)
  const lost = failureOf(pair.calling.send(sessionRequest()))
  await pair.move()
  const unsent = failureOf(pair.calling.send(sessionRequest()))

  pair.calling.link.lost('reset')

  assert.deepEqual([(await unsent).code, (await unsent).effect], ['HF_CALL_NOT_SENT', 'none'])
  assert.deepEqual([(await lost).code, (await lost).effect], ['HF_CALL_LOST', 'unknown'])
})

test('C1: behind a connection that takes no more, calls wait unsent and can be taken back', async () => {
  let seen = 0
  const pair = await agreed(async () => {
    seen += 1
    return answer(Buffer.from('1'))
  })
  pair.toCallee.takesBytes = 0
  const first = pair.calling.send(sessionRequest())
  pair.toCaller.isPaused = true
  await pair.move()
  const away = new AbortController()
  // More than a slab, so that the one taken back lies in a slab that is full.
  const waiting = failureOf(pair.calling.send(sessionRequest({ signal: away.signal })))
  const body = Buffer.alloc(60_000)
  const others = [1, 2, 3].map(() => pair.calling.send(sessionRequest({ body })))
  await pair.move()
  away.abort(new Error('enough'))

  assert.equal((await waiting).code, 'HF_CALL_NOT_SENT')
  pair.toCallee.takesBytes = Infinity
  pair.toCaller.isPaused = false
  await pair.move()
  await Promise.all([first, ...others])
  assert.equal(seen, 4)
})

test('C2: a call that is given up in the turn in which it was made is never seen', async () => {
  let seen = 0
  const pair = await agreed(async () => {
    seen += 1
    return answer(Buffer.from('1'))
  })
  const away = new AbortController()
  const sent = failureOf(pair.calling.send(sessionRequest({ signal: away.signal })))

  away.abort(new Error('enough'))
  await pair.move()

  assert.equal((await sent).code, 'HF_CALL_NOT_SENT')
  assert.equal(seen, 0)
})

test("C2, A5: a call that is given up later aborts its handler's signal, and no other", async () => {
  const { handle, signals, end } = held()
  const pair = await agreed(handle)
  const away = new AbortController()
  const given = failureOf(pair.calling.send(sessionRequest({ signal: away.signal })))
  const kept = pair.calling.send(sessionRequest())
  await pair.move()

  away.abort(new Error('enough'))
  await pair.move()

  assert.deepEqual(
    signals.map((each) => each.aborted),
    [true, false],
  )
  assert.equal((await given).effect, 'unknown')
  end()
  await pair.move()
  assert.equal((await kept).body.toString(), '"late"')
})

test('C3: calls over what the callee takes are refused at once, and were not sent', async () => {
  const { handle, end } = held()
  const pair = await agreed(handle)
  const open = Array.from({ length: 16_384 }, () => pair.calling.send(sessionRequest()))

  const refused = await failureOf(pair.calling.send(sessionRequest()))

  assert.deepEqual(
    [refused.code, /16384 calls open/.test(refused.message)],
    ['HF_CALL_NOT_SENT', true],
  )
  end()
  await pair.move()
  await Promise.all(open)
})

test('C4: an answer over the limit of its caller is broken off, and the session goes on', async () => {
  const pair = await agreed(async () => answer(Buffer.alloc(300_000)))
  const long = failureOf(pair.calling.send(sessionRequest({ answerBytesMax: 299_999 })))
  const fits = pair.calling.send(sessionRequest({ answerBytesMax: 300_000 }))
  await pair.move()

  assert.match((await long).message, /299999 bytes/)
  assert.equal((await fits).body.length, 300_000)
})

test('a header that would be read as two lines is not sent', async () => {
  const pair = await agreed(echo)
  const headers = { 'x-mine': 'a\nBsomething' }

  const refused = await failureOf(pair.calling.send(sessionRequest({ headers })))

  assert.equal(refused.code, 'HF_CALL_NOT_SENT')
})

test('A4: who leaves answers what he has begun, and has not looked at what came after', async () => {
  const { handle, signals, end } = held()
  const pair = await agreed(handle)
  const begun = pair.calling.send(sessionRequest())
  await pair.move()

  pair.answering.leave()
  // The caller does not know yet: this one crosses the leave on its way.
  const crossing = failureOf(pair.calling.send(sessionRequest()))
  await pair.move()
  end()
  await pair.move()

  assert.equal((await begun).body.toString(), '"late"')
  assert.deepEqual([(await crossing).code, (await crossing).effect], ['HF_CALL_NOT_SENT', 'none'])
  assert.equal(signals.length, 1)
  assert.ok(pair.toCaller.isEnded && pair.calling.link.isOver && pair.answering.link.isOver)
})

test('A5: the signals of all handlers abort when the connection is gone', async () => {
  const { handle, signals } = held()
  const pair = await agreed(handle)
  const sent = [1, 2].map(() => failureOf(pair.calling.send(sessionRequest())))
  await pair.move()

  pair.answering.link.lost('reset')
  pair.calling.link.lost('reset')

  assert.deepEqual(
    signals.map((each) => each.aborted),
    [true, true],
  )
  await Promise.all(sent)
})

test('a handler that rejects loses its own call and no other', async () => {
  const pair = await agreed(async ({ path }) => {
    if (path === '/bad') throw new Error('bug')
    return answer(Buffer.from('1'))
  })

  const bad = failureOf(pair.calling.send(sessionRequest({ path: '/bad' })))
  const good = pair.calling.send(sessionRequest())
  await pair.move()

  assert.deepEqual([(await bad).code, (await good).status], ['HF_CALL_LOST', 200])
})

test('L1: who hears nothing while he waits asks, and hangs up if nobody answers', async () => {
  const { handle } = held()
  const pair = await agreed(handle)
  const sent = failureOf(pair.calling.send(sessionRequest()))
  await pair.move()

  await pair.world.advance(10_000)
  await pair.move()
  await pair.world.advance(10_000)
  await pair.move()
  assert.equal(pair.calling.link.isOver, false, 'a callee that answers pings is alive')
  pair.blackHole()
  await pair.world.advance(12_000)
  await pair.move()
  await pair.world.advance(6_000)

  assert.match((await sent).message, /nothing was heard/)
  assert.equal((await sent).effect, 'unknown')
})

test('L1: a call that was given up in silence makes its session ask at once', async () => {
  const { handle } = held()
  const pair = await agreed(handle)
  const away = new AbortController()
  const given = failureOf(pair.calling.send(sessionRequest({ signal: away.signal })))
  const waiting = failureOf(pair.calling.send(sessionRequest()))
  await pair.move()
  pair.blackHole()

  away.abort(new Error('late'))
  await pair.world.advance(6_500)

  await given
  assert.equal((await waiting).code, 'HF_CALL_LOST')
})

test('L3: while nothing is awaited no timer runs, and the process need not stay', async () => {
  const pair = await agreed(echo)
  const sent = pair.calling.send(sessionRequest())
  await pair.move()
  await sent
  const { isHeld } = pair.toCallee

  await pair.world.advance(2_000)

  assert.deepEqual([isHeld, pair.world.timersPending], [false, 0])
})
