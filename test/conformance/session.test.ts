/**
 * Sessions on real sockets: how one is agreed on, what happens where it is not, and how it ends.
 *
 * What every transport must do stands in `transport.test.ts`, which runs over sessions, too. No test
 * waits for time to pass.
 */
import assert from 'node:assert/strict'
import { createServer as createHttpServer } from 'node:http'
import type { Socket } from 'node:net'
import { after, test } from 'node:test'
import { isHoldfastError } from '#errors'
import type { Listener, OutgoingRequest, WireHandler, WireResponse } from '#world'
import { httpNetwork } from '../../src/adapters/http.ts'
import { nodeListener } from '../../src/adapters/mount.ts'
import { Channel } from '../../src/adapters/session/channel.ts'
import { exchange, HOST, raw } from '../support/raw-socket.ts'
import { frameOf, framesIn, headed, settingsFrame } from '../support/session-bytes.ts'
import { sessionRequest } from '../support/session-pair.ts'

const network = httpNetwork()
after(() => network.close())

const AGREED =
  'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: holdfast-session/1\r\n\r\n'

const echo: WireHandler = async ({ readBody }) => answer(await readBody(1_000_000))

function answer(body: Uint8Array): WireResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body }
}

function send(origin: string, over: Partial<OutgoingRequest> = {}): Promise<WireResponse> {
  return network.send(origin, sessionRequest({ transport: 'session', ...over }))
}

async function listening(
  handler: WireHandler,
): Promise<AsyncDisposable & Pick<Listener, 'origin' | 'close'>> {
  const listener = await network.listen({ host: HOST, port: 0 }, handler)
  return { ...listener, [Symbol.asyncDispose]: () => listener.close() }
}

/** A callee of raw bytes: agrees, and then does what the test says. */
function agreeing(
  then: (socket: Socket) => void,
): Promise<AsyncDisposable & { readonly origin: string; readonly asked: string[] }> {
  const asked: string[] = []
  return raw((socket) =>
    socket.once('data', (chunk) => {
      asked.push(chunk.toString('latin1').split(' ', 2).join(' '))
      socket.write(AGREED)
      then(socket)
    }),
  ).then((place) => ({ ...place, asked }))
}

test('ten thousand calls are under way at once, where HTTP would refuse the 193rd', async () => {
  const { promise: allCame, resolve: all } = Promise.withResolvers<void>()
  let count = 0
  await using place = await listening(async (request) => {
    count += 1
    if (count === 10_000) all()
    await allCame
    return echo(request)
  })
  const bodies = Array.from({ length: 10_000 }, (_, n) => String(n))

  const got = await Promise.all(
    bodies.map((body) => send(place.origin, { body: Buffer.from(body) })),
  )

  assert.deepEqual(
    got.map(({ body }) => Buffer.from(body).toString()),
    bodies,
  )
})

test('who refuses the upgrade is asked over HTTP, and not asked again for a while', async () => {
  const asked: string[] = []
  const handle = nodeListener(echo)
  const server = createHttpServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    if (request.url === '/holdfast/session') response.writeHead(404).end()
    else handle(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve))
  const address = server.address()
  const origin = `http://${HOST}:${typeof address === 'object' ? address?.port : ''}`

  await send(origin)
  const second = await send(origin)

  assert.equal(second.status, 200)
  assert.deepEqual(asked, [
    'GET /holdfast/session',
    'POST /payments/authorize',
    'POST /payments/authorize',
  ])
  server.closeAllConnections()
  server.close()
})

for (const [name, bytes] of [
  ['says nothing that is HTTP', '220 smtp ready\r\n\r\n'],
  [
    'agrees to something else',
    'HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
  ],
] as const) {
  test(`a callee that ${name} is asked over HTTP, and the call keeps its truth`, async () => {
    const asked: string[] = []
    await using place = await raw((socket) =>
      socket.once('data', (chunk) => {
        const line = chunk.toString('latin1').split(' ', 2).join(' ')
        asked.push(line)
        if (line.startsWith('GET')) socket.end(bytes)
        else socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
      }),
    )

    assert.equal((await send(place.origin)).status, 200)
    assert.deepEqual(asked, ['GET /holdfast/session', 'POST /payments/authorize'])
  })
}

test('a callee that agrees and says nothing more is asked over HTTP', async () => {
  await using place = await raw((socket) =>
    socket.on('data', (chunk) => {
      if (chunk.toString('latin1').startsWith('GET')) socket.write(AGREED)
      if (chunk.toString('latin1').startsWith('POST'))
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
    }),
  )

  assert.equal((await send(place.origin)).status, 200)
})

const endings: readonly (readonly [string, (socket: Socket) => void])[] = [
  ['is reset', (socket) => socket.resetAndDestroy()],
  ['is closed', (socket) => socket.end()],
  ['carries half an answer', (socket) => socket.end(frameOf(3, 1, headed('200', 'ha')))],
  ['carries garbage', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
]
for (const [name, end] of endings) {
  test(`a session that ${name} when the request arrives loses the call, with unknown effect`, async () => {
    await using place = await agreeing((socket) => {
      socket.write(settingsFrame)
      let seen = ''
      socket.on('data', (chunk) => {
        seen += chunk.toString('latin1')
        if (seen.includes('POST')) end(socket)
      })
    })

    await assert.rejects(send(place.origin), (error) => {
      assert.ok(isHoldfastError(error, 'HF_CALL_LOST'), String(error))
      return error.effect === 'unknown'
    })
  })
}

test('after a session has ended, the next call agrees on another', async () => {
  let sessions = 0
  await using place = await agreeing((socket) => {
    sessions += 1
    socket.write(settingsFrame)
    const isFirst = sessions === 1
    socket.on('data', (chunk) => {
      if (!chunk.toString('latin1').includes('POST')) return
      if (isFirst) socket.resetAndDestroy()
      else socket.write(frameOf(0x83, 1, headed('204')))
    })
  })

  await assert.rejects(send(place.origin))
  assert.equal((await send(place.origin)).status, 204)
})

test('a callee that stops answers what it has begun; nothing is lost, nothing is doubled', async () => {
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
  const { promise: isOpen, resolve: open } = Promise.withResolvers<void>()
  const seen: string[] = []
  const place = await listening(async ({ readBody }) => {
    seen.push(Buffer.from(await readBody(100)).toString())
    if (seen.length === 50) open()
    await mayEnd
    return answer(Buffer.from('"done"'))
  })
  const begun = Array.from({ length: 50 }, (_, n) =>
    send(place.origin, { body: Buffer.from(`${n}`) }),
  )
  await isOpen

  const closing = place.close()
  const late = Promise.allSettled(
    Array.from({ length: 50 }, (_, n) => send(place.origin, { body: Buffer.from(`late ${n}`) })),
  )
  end()

  assert.equal((await Promise.all(begun)).length, 50)
  for (const each of await late) {
    assert.ok(each.status === 'rejected' && isHoldfastError(each.reason, 'HF_CALL_NOT_SENT'))
  }
  await closing
  assert.equal(seen.length, 50)
})

/** A channel whose time the test moves. */
function channelTo(origin: string): {
  readonly channel: Channel
  readonly pass: (ms: number) => void
} {
  let nowMs = 0
  const overHttp = (asked: OutgoingRequest) => network.send(origin, { ...asked, transport: 'http' })
  const clock = { monotonicMs: () => nowMs, wallMs: () => nowMs }
  const channel = new Channel(origin, { overHttp, clock })
  return { channel, pass: (ms) => (nowMs += ms) }
}

test('a session is replaced before it is old, and its open calls end where they began', async () => {
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
  const begun: Socket[] = []
  await using place = await agreeing((socket) => {
    begun.push(socket)
    socket.write(settingsFrame)
    const isFirst = begun.length === 1
    socket.on('data', (chunk) => {
      for (const { type, stream } of framesIn(chunk)) {
        const answers = (): boolean =>
          socket.write(frameOf(0x83, stream, headed(isFirst ? '200' : '202')))
        if ((type & 0x7f) !== 2) continue
        if (stream === 2) void mayEnd.then(answers)
        else answers()
      }
    })
  })
  const { channel, pass } = channelTo(place.origin)
  await channel.send(sessionRequest())
  const long = channel.send(sessionRequest())
  pass(300_000)

  // The first of these makes it agree on another; meanwhile they go where the others went.
  let last = await channel.send(sessionRequest())
  // oxlint-disable-next-line no-await-in-loop -- until the other one carries
  while (last.status === 200) last = await channel.send(sessionRequest())
  end()

  assert.deepEqual([last.status, (await long).status, begun.length], [202, 200, 2])
  channel.close()
})

test('a refusal is remembered for a minute and no longer', async () => {
  let asked = 0
  const handle = nodeListener(echo)
  const server = createHttpServer((request, response) => {
    if (request.url !== '/holdfast/session') return handle(request, response)
    asked += 1
    response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve))
  const address = server.address()
  const { channel, pass } = channelTo(
    `http://${HOST}:${typeof address === 'object' ? address?.port : ''}`,
  )
  const counts: number[] = []
  for (const ms of [0, 59_999, 1]) {
    pass(ms)
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await channel.send(sessionRequest())
    counts.push(asked)
  }

  assert.deepEqual(counts, [1, 1, 2])
  server.closeAllConnections()
  server.close()
})

test('curl that offers h2c, and a browser that wants a WebSocket, are answered over HTTP', async () => {
  await using place = await listening(echo)

  for (const upgrade of ['h2c', 'websocket']) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const received = await exchange(
      place.origin,
      `GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade, close\r\nupgrade: ${upgrade}\r\n\r\n`,
    )
    assert.match(received, /^HTTP\/1\.1 200 /)
  }
})

test('a stranger on a session is told his fault, and the connection ends', async () => {
  await using place = await listening(echo)

  const received = await exchange(
    place.origin,
    'GET /holdfast/session HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: holdfast-session/1\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
  )

  assert.match(received, /^HTTP\/1\.1 101 /)
  assert.match(received, /a frame announces \d+ bytes, the limit is 32768/)
})
