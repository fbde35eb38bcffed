/**
 * The conformance suite of the `Network` port, passed by HTTP on loopback and by the network in memory;
 * and what only HTTP can meet: slow, broken and oversized bytes.
 *
 * The only tests beside the chaos ones that open ports. No test waits for time to pass.
 */
import assert from 'node:assert/strict'
import { createServer as createHttpServer } from 'node:http'
import type { Socket } from 'node:net'
import { after, test } from 'node:test'
import { isHoldfastError } from '#errors'
import type { Network, OutgoingRequest, WireHandler, WireResponse } from '#world'
import { httpNetwork } from '../../src/adapters/http.ts'
import { fetchHandler, nodeListener } from '../../src/adapters/mount.ts'
import { ManualNetwork } from '../support/manual-world.ts'
import { exchange, HOST, raw } from '../support/raw-socket.ts'

const http = httpNetwork()
after(() => http.close())

const overSession: Network = {
  send: (origin, asked) => http.send(origin, { ...asked, transport: 'session' }),
  listen: (address, handler) => http.listen(address, handler),
}

const networks: readonly (readonly [string, Network])[] = [
  ['http', http],
  ['session', overSession],
  ['memory', new ManualNetwork()],
]

/** Answers with what it received. */
const echo: WireHandler = async ({ method, path, headers, readBody }) => {
  const body = text(await readBody(1_000_000))
  return answer(200, JSON.stringify({ method, path, header: headers['x-mine'], body }))
}

function answer(status: number, body: string | Uint8Array): WireResponse {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  return { status, headers: { 'content-type': 'application/json' }, body: bytes }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

function request(over: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return {
    method: 'POST',
    path: '/orders/place?x=1',
    headers: { 'x-mine': 'ä b', 'content-type': 'application/json' },
    body: new TextEncoder().encode('{"é":"😀"}'),
    signal: new AbortController().signal,
    answerBytesMax: 1_000_000,
    ...over,
  }
}

async function listening(
  network: Network,
  handler: WireHandler,
): Promise<AsyncDisposable & { readonly origin: string }> {
  const listener = await network.listen({ host: HOST, port: 0 }, handler)
  return { origin: listener.origin, [Symbol.asyncDispose]: () => listener.close() }
}

for (const [name, network] of networks) {
  test(`${name}: method, path, headers and body arrive as they were sent, and so does the answer`, async () => {
    await using place = await listening(network, echo)

    const got = await network.send(place.origin, request({ headers: { 'x-mine': 'a b' } }))

    assert.equal(got.status, 200)
    assert.equal(got.headers['content-type'], 'application/json')
    assert.deepEqual(JSON.parse(text(got.body)), {
      method: 'POST',
      path: '/orders/place?x=1',
      header: 'a b',
      body: '{"é":"😀"}',
    })
  })

  test(`${name}: a request without a body has an empty one`, async () => {
    await using place = await listening(network, echo)

    const got = await network.send(place.origin, request({ method: 'GET', body: undefined }))

    assert.equal(JSON.parse(text(got.body)).body, '')
  })

  test(`${name}: where nobody listens, nothing was sent`, async () => {
    const place = await network.listen({ host: HOST, port: 0 }, echo)
    await place.close()

    await assert.rejects(network.send(place.origin, request()), (error) => {
      assert.ok(isHoldfastError(error, 'HF_CALL_NOT_SENT'))
      return error.effect === 'none'
    })
  })

  test(`${name}: a signal that had aborted before sends nothing`, async () => {
    let seen = 0
    await using place = await listening(network, async () => {
      seen += 1
      return answer(200, '')
    })

    const sent = network.send(
      place.origin,
      request({ signal: AbortSignal.abort(new Error('late')) }),
    )

    await assert.rejects(sent, (error) => isHoldfastError(error, 'HF_CALL_NOT_SENT'))
    assert.equal(seen, 0)
  })

  test(`${name}: an abort while the callee works is lost, with unknown effect, and the callee is told`, async () => {
    const { promise: told, resolve } = Promise.withResolvers<void>()
    const away = new AbortController()
    await using place = await listening(network, async ({ signal }) => {
      signal.addEventListener('abort', () => resolve())
      away.abort(new Error('enough'))
      await told
      return answer(200, '')
    })

    await assert.rejects(network.send(place.origin, request({ signal: away.signal })), (error) => {
      assert.ok(isHoldfastError(error, 'HF_CALL_LOST'))
      return error.effect === 'unknown'
    })
    await told
  })

  test(`${name}: an answer over the limit is refused`, async () => {
    await using place = await listening(network, async () => answer(200, 'x'.repeat(100_001)))

    await assert.rejects(
      network.send(place.origin, request({ answerBytesMax: 100_000 })),
      (error) => isHoldfastError(error, 'HF_CALL_LOST') && /100000 bytes/.test(error.message),
    )
    const allowed = await network.send(place.origin, request({ answerBytesMax: 100_001 }))
    assert.equal(allowed.body.length, 100_001)
  })

  test(`${name}: a body over the limit is refused without being read to its end`, async () => {
    await using place = await listening(network, async ({ readBody }) => {
      try {
        return answer(200, await readBody(1_000))
      } catch (error) {
        return answer(413, isHoldfastError(error) ? error.code : 'something else')
      }
    })

    const got = await network.send(place.origin, request({ body: new Uint8Array(1_001) }))

    assert.deepEqual([got.status, text(got.body)], [413, 'HF_BODY_TOO_LARGE'])
  })

  test(`${name}: a port that is taken is named`, async () => {
    await using place = await listening(network, echo)
    const port = Number(new URL(place.origin).port)

    await assert.rejects(
      network.listen({ host: HOST, port }, echo),
      (error) => isHoldfastError(error, 'HF_PORT_IN_USE') && error.message.includes(String(port)),
    )
  })

  test(`${name}: closing lets the open exchange end, and accepts none after it`, async () => {
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
    const { promise: isOpen, resolve: open } = Promise.withResolvers<void>()
    const place = await network.listen({ host: HOST, port: 0 }, async () => {
      open()
      await mayEnd
      return answer(200, 'late')
    })
    const sent = network.send(place.origin, request())
    await isOpen

    const closing = place.close()
    end()

    assert.equal(text((await sent).body), 'late')
    await closing
    await assert.rejects(network.send(place.origin, request()), (error) =>
      isHoldfastError(error, 'HF_CALL_NOT_SENT'),
    )
  })

  test(`${name}: a hundred calls at once all get their own answer`, async () => {
    await using place = await listening(network, echo)

    const bodies = Array.from({ length: 100 }, (_, n) => `"${n}"`)
    const got = await Promise.all(
      bodies.map((body) =>
        network.send(place.origin, request({ body: new TextEncoder().encode(body) })),
      ),
    )

    assert.deepEqual(
      got.map((each) => JSON.parse(text(each.body)).body),
      bodies,
    )
  })
}

const endings: readonly (readonly [string, (socket: Socket) => void])[] = [
  [
    'is reset when the request arrives',
    (socket) => socket.once('data', () => socket.resetAndDestroy()),
  ],
  ['is closed when the request arrives', (socket) => socket.once('data', () => socket.end())],
  [
    'is closed within the answer',
    (socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf')),
  ],
  [
    'carries something that is not HTTP',
    (socket) => socket.once('data', () => socket.end('220 smtp ready\r\n\r\n')),
  ],
]
for (const [name, serve] of endings) {
  test(`http: a connection that ${name} is lost, with unknown effect`, async () => {
    await using place = await raw(serve)

    await assert.rejects(http.send(place.origin, request()), (error) => {
      assert.ok(isHoldfastError(error, 'HF_CALL_LOST'), String(error))
      return error.effect === 'unknown'
    })
  })
}

test('http: a kept connection that dies unnoticed makes the next call unknown, never falsely unsent', async () => {
  let requests = 0
  await using place = await raw((socket) =>
    socket.on('data', () => {
      requests += 1
      if (requests > 1) socket.resetAndDestroy()
      else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
    }),
  )
  await http.send(place.origin, request())

  await assert.rejects(http.send(place.origin, request()), (error) =>
    isHoldfastError(error, 'HF_CALL_LOST'),
  )
  assert.equal(requests, 2)
})

test('http: a name that no one resolves and an origin that is none were not sent', async () => {
  for (const origin of ['http://no-such-host.invalid:1', 'payments', 'ftp://x']) {
    await assert.rejects(http.send(origin, request()), (error) =>
      isHoldfastError(error, 'HF_CALL_NOT_SENT'),
    )
  }
})

test('http: what waits for a connection and is given up is unsent, and is never sent later', async () => {
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
  const seen: string[] = []
  await using place = await listening(http, async ({ path }) => {
    seen.push(path)
    await mayEnd
    return answer(200, '')
  })
  const busy = Array.from({ length: 64 }, () => http.send(place.origin, request({ path: '/busy' })))
  const away = new AbortController()
  const waiting = http.send(place.origin, request({ path: '/waiting', signal: away.signal }))

  away.abort(new Error('enough'))

  await assert.rejects(waiting, (error) => isHoldfastError(error, 'HF_CALL_NOT_SENT'))
  end()
  await Promise.all(busy)
  await http.send(place.origin, request({ path: '/after' }))
  assert.ok(!seen.includes('/waiting'))
  assert.ok(seen.includes('/after'))
})

test('http: calls over the limit of an origin are refused at once and not queued', async () => {
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
  await using place = await listening(http, async () => {
    await mayEnd
    return answer(200, '')
  })
  const busy = Array.from({ length: 1_024 }, () => http.send(place.origin, request()))

  await assert.rejects(
    http.send(place.origin, request()),
    (error) => isHoldfastError(error, 'HF_CALL_NOT_SENT') && /1024 requests/.test(error.message),
  )
  end()
  await Promise.all(busy)
})

const refusing: WireHandler = async ({ readBody }) => {
  try {
    return answer(200, await readBody(1_000))
  } catch (error) {
    return answer(413, isHoldfastError(error) ? error.message : '')
  }
}

for (const [name, bytes, status] of [
  ['nonsense', 'HELO you\r\n\r\n', 400],
  [
    'a header without an end of the name',
    'GET / HTTP/1.1\r\nhost: a\r\nbroken header\r\n\r\n',
    400,
  ],
  [
    'two lengths',
    'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
    400,
  ],
  [
    'a length and chunks',
    'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  ['headers of 20 kB', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
] as const) {
  test(`http: ${name} is answered with a problem document, and the connection ends`, async () => {
    await using place = await listening(http, echo)

    const received = await exchange(place.origin, bytes)

    assert.match(received, new RegExp(`^HTTP/1\\.1 ${status} `))
    assert.match(received, /content-type: application\/problem\+json/)
    assert.equal(JSON.parse(received.split('\r\n\r\n', 2)[1] ?? '').code, 'HF_REQUEST_MALFORMED')
  })
}

test('http: a body that announces 10 MB is refused before it is read, and the connection ends', async () => {
  await using place = await listening(http, refusing)

  const received = await exchange(
    place.origin,
    'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10000000\r\n\r\n',
  )

  assert.match(received, /^HTTP\/1\.1 413 /)
  assert.match(received, /connection: close/i)
  assert.match(received, /10000000 bytes were announced, the limit is 1000/)
})

test('http: a body of chunks without end is refused when the limit is passed', async () => {
  await using place = await listening(http, refusing)
  const chunk = `3e8\r\n${'x'.repeat(1_000)}\r\n`

  const received = await exchange(
    place.origin,
    'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n',
    chunk,
    chunk,
  )

  assert.match(received, /^HTTP\/1\.1 413 /)
})

test('http: 10 MB from a real client are answered with 413, not with a broken connection', async () => {
  await using place = await listening(http, refusing)

  const got = await http.send(place.origin, request({ body: new Uint8Array(10_000_000) }))

  assert.equal(got.status, 413)
})

test('a service can be mounted in a server of node:http and in a fetch handler', async () => {
  const server = createHttpServer(nodeListener(echo))
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const init = { method: 'POST', body: '{"a":1}', headers: { 'x-mine': 'm' } }

  const overNode = await fetch(`http://${HOST}:${port}/a/b?c=d`, init)
  const overFetch = await fetchHandler(echo)(new Request(`http://any/a/b?c=d`, init))

  const expected = { method: 'POST', path: '/a/b?c=d', header: 'm', body: '{"a":1}' }
  assert.deepEqual(await overNode.json(), expected)
  assert.deepEqual(await overFetch.json(), expected)
  server.closeAllConnections()
  server.close()
})

test('a fetch handler refuses a body over the limit, and sends no body where none may be', async () => {
  const tooMuch = new Request('http://any/', { method: 'POST', body: new Uint8Array(1_001) })

  const refused = await fetchHandler(refusing)(tooMuch)
  const empty = await fetchHandler(async () => answer(204, 'null'))(new Request('http://any/'))

  assert.equal(refused.status, 413)
  assert.deepEqual([empty.status, await empty.text()], [204, ''])
})
