/**
 * Bodies over a session: nobody holds more than was granted, and nobody waits for somebody else's.
 */
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { isHoldfastError } from '#errors'
import type { WireHandler, WireResponse } from '#world'
import { SessionPair, sessionRequest } from '../../../test/support/session-pair.ts'

const MIB = 1_048_576

function answer(body: Uint8Array): WireResponse {
  return { status: 200, headers: {}, body }
}

const counting: WireHandler = async ({ readBody }) =>
  answer(Buffer.from(String((await readBody(10 * MIB)).length)))

async function agreed(handle: WireHandler): Promise<SessionPair> {
  const pair = new SessionPair(handle)
  await pair.move()
  return pair
}

function sentBytes(pair: SessionPair): number {
  return pair.toCallee.log.reduce((sum, each) => sum + each.length, 0)
}

test('S1: of a body that nobody reads one window is sent, and the rest when somebody reads', async () => {
  const { promise: mayRead, resolve: read } = Promise.withResolvers<void>()
  const pair = await agreed(async (request) => {
    await mayRead
    return counting(request)
  })
  const sent = pair.calling.send(sessionRequest({ body: Buffer.alloc(5 * MIB) }))
  await pair.move()
  const unread = sentBytes(pair)

  read()
  await pair.move()

  assert.ok(unread > 65_536 && unread < 66_536, `${unread} bytes were sent unread`)
  assert.equal((await sent).body.toString(), String(5 * MIB))
})

test('A3: bodies that nobody reads hold one window of the session in all', async () => {
  const { promise: mayRead, resolve: read } = Promise.withResolvers<void>()
  const pair = await agreed(async (request) => {
    await mayRead
    return counting(request)
  })
  const body = Buffer.alloc(MIB)
  const sent = Array.from({ length: 40 }, () => pair.calling.send(sessionRequest({ body })))
  await pair.move()
  const unread = sentBytes(pair)

  read()
  await pair.move()

  assert.ok(unread < MIB + 20_000, `${unread} bytes were sent unread`)
  const lengths = (await Promise.all(sent)).map((each) => each.body.toString())
  assert.deepEqual(new Set(lengths), new Set([String(MIB)]))
})

test('S2: a body over the limit is refused after a window, and the session goes on', async () => {
  const pair = await agreed(async ({ readBody }) => {
    try {
      return answer(await readBody(1_000))
    } catch (error) {
      return {
        status: isHoldfastError(error, 'HF_BODY_TOO_LARGE') ? 413 : 500,
        headers: {},
        body: Buffer.alloc(0),
      }
    }
  })
  const refused = pair.calling.send(sessionRequest({ body: Buffer.alloc(5 * MIB) }))
  await pair.move()
  const small = pair.calling.send(sessionRequest({ body: Buffer.alloc(999) }))
  await pair.move()

  assert.equal((await refused).status, 413)
  assert.equal((await small).body.length, 999)
  assert.ok(sentBytes(pair) < 70_000, `${sentBytes(pair)} bytes were sent`)
})

test('what is thrown away unread is granted again: refusals do not use a session up', async () => {
  const pair = await agreed(async (request) =>
    request.path === '/read'
      ? counting(request)
      : { status: 413, headers: {}, body: Buffer.alloc(0) },
  )
  for (let calls = 0; calls < 100; calls += 1) {
    const refused = pair.calling.send(sessionRequest({ body: Buffer.alloc(100_000) }))
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await pair.move()
    // oxlint-disable-next-line no-await-in-loop -- as above
    assert.equal((await refused).status, 413)
  }
  const read = pair.calling.send(sessionRequest({ path: '/read', body: Buffer.alloc(100_000) }))
  await pair.move()

  assert.equal(pair.calling.isBusy(), false, 'the body was granted to its end')
  assert.equal((await read).body.toString(), '100000')
})

test('A4: who leaves sends the answers that he has begun to their end', async () => {
  const pair = await agreed(async () => answer(Buffer.alloc(2 * MIB)))
  pair.toCaller.takesBytes = 65_536
  const sent = pair.calling.send(sessionRequest())
  await pair.turn()
  await pair.turn()

  pair.answering.leave()
  await pair.move()

  assert.equal((await sent).body.length, 2 * MIB)
  assert.ok(pair.answering.link.isOver)
})

test('C2, B2: calls with long bodies that are taken back leave nothing behind, and use nothing up', async () => {
  let seen = 0
  const pair = await agreed((request) => {
    seen += 1
    return counting(request)
  })
  for (let calls = 0; calls < 100; calls += 1) {
    const away = new AbortController()
    const sent = pair.calling.send(
      sessionRequest({ body: Buffer.alloc(60_000), signal: away.signal }),
    )
    away.abort(new Error('enough'))
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(sent, (error) => isHoldfastError(error, 'HF_CALL_NOT_SENT'))
  }
  const sent = pair.calling.send(sessionRequest({ body: Buffer.alloc(2 * MIB) }))
  await pair.move()

  assert.deepEqual([(await sent).body.toString(), seen], [String(2 * MIB), 1])
})

test('C4: what an answer held is let go when it ends, and its listener with it', async () => {
  const pair = await agreed(async () => answer(Buffer.alloc(600_000)))
  const { signal } = new AbortController()
  for (let calls = 0; calls < 130; calls += 1) {
    const sent = pair.calling.send(sessionRequest({ signal }))
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await pair.move()
    // oxlint-disable-next-line no-await-in-loop -- as above
    assert.equal((await sent).body.length, 600_000)
  }
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('a small call is answered while large bodies are under way, both ways', async () => {
  const pair = await agreed(async ({ path, readBody }) => {
    const body = await readBody(10 * MIB)
    return answer(path === '/small' ? Buffer.from('1') : body)
  })
  pair.toCallee.takesBytes = 65_536
  const order: string[] = []
  const mark = (name: string) => () => void order.push(name)
  const large = pair.calling
    .send(sessionRequest({ body: Buffer.alloc(4 * MIB) }))
    .then(mark('large'))
  const small = pair.calling.send(sessionRequest({ path: '/small' })).then(mark('small'))
  await pair.move()
  await Promise.all([large, small])

  assert.deepEqual(order, ['small', 'large'])
})

test('a caller that does not read is not read either, and what waits for it is bounded', async () => {
  const pair = await agreed(async () => answer(Buffer.alloc(200_000)))
  pair.toCaller.takesBytes = 0
  pair.toCallee.isPaused = true
  const sent = Array.from({ length: 200 }, () => pair.calling.send(sessionRequest()))
  await pair.move()
  const waitingBytes = pair.toCaller.waitingBytes + pair.answering.link.writer.waitingBytes

  assert.ok(waitingBytes < 2 * MIB, `${waitingBytes} bytes wait`)
  assert.ok(pair.toCaller.isPaused, 'the callee stopped listening')
  pair.toCaller.takesBytes = Infinity
  pair.toCallee.isPaused = false
  await pair.move()
  const lengths = (await Promise.all(sent)).map((each) => each.body.length)
  assert.deepEqual(new Set(lengths), new Set([200_000]))
})

test('a body whose caller gives up ends the reading with a reason', async () => {
  const seen: unknown[] = []
  const pair = await agreed(async ({ readBody }) => {
    await readBody(10 * MIB).catch((error: unknown) => seen.push(error))
    return answer(Buffer.alloc(0))
  })
  const away = new AbortController()
  pair.toCallee.takesBytes = 0
  const sent = pair.calling.send(
    sessionRequest({ body: Buffer.alloc(5 * MIB), signal: away.signal }),
  )
  const lost = assert.rejects(sent)
  await pair.turn()
  away.abort(new Error('enough'))
  await pair.move()
  await lost

  assert.ok(isHoldfastError(seen[0], 'HF_REQUEST_MALFORMED'), String(seen[0]))
})
