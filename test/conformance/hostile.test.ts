/**
 * Goal: whoever floods with headers, never answers or does not stop answering costs a bounded
 * time and a bounded memory, is named for what he did, and leaves nothing behind.
 * Method: real sockets on both sides of a real service and of a real caller, each with the other end hostile.
 */
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { httpNetwork, nodeWorld } from '#adapters'
import { standaloneCaller } from '#edge'
import { isHoldfastError } from '#errors'
import { contract, edge, query, unchecked } from '#model'
import type { Listener } from '#world'
import { paymentsShop } from '../support/payments-shop.ts'
import { HOST, raw } from '../support/raw-socket.ts'
import type { Served } from '../support/served.ts'

const DEADLINE_MS = 400
/** What a timer may be late on a machine that others use, too. */
const SLACK_MS = 1_500

const head = (...headers: readonly string[]): string =>
  [
    'POST /payments/authorize HTTP/1.1',
    'host: a',
    'content-type: application/json',
    ...headers,
    '',
    '',
  ].join('\r\n')

/** Writes again and again, as fast as it is read, until the connection ends. */
function endlessly(socket: Socket, piece: string): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(piece));
  }
  socket.on('drain', more).once('close', () => socket.off('drain', more))
  more()
}

// With the time limit a reader that is not told fails here, and does not hang for ever.
test(
  'a body that never ends is given up soon after the answer, and who reads it is told',
  { timeout: 10_000 },
  async () => {
    const network = httpNetwork()
    const told = Promise.withResolvers<unknown>()
    const listener = await network.listen({ host: HOST, port: 0 }, async (request) => {
      void request.readBody(1_000).then(told.resolve, told.resolve)
      return { status: 504, headers: {}, body: new Uint8Array() }
    })
    const socket = connect(Number(new URL(listener.origin).port), HOST)

    socket.resume().write(`${head('content-length: 1000')}{"a`)

    // Else what the request holds of the service, a place inside among it, would never be given back.
    assert.ok(isHoldfastError(await told.promise, 'HF_REQUEST_MALFORMED'))
    socket.destroy()
    await listener.close()
    await network.close()
  },
)

suite('a service among hostile callers', () => {
  const network = httpNetwork()
  let shop: Served
  let listener: Listener

  before(async () => {
    shop = await paymentsShop()
    listener = await network.listen({ host: HOST, port: 0 }, shop.handle)
  })
  after(async () => {
    await listener.close()
    await network.close()
  })

  /** What one connection received until it ended, and how long that took. */
  async function sent(write: (socket: Socket) => void): Promise<{ text: string; tookMs: number }> {
    const beganMs = performance.now()
    const socket = connect(Number(new URL(listener.origin).port), HOST)
    const { promise, resolve } = Promise.withResolvers<void>()
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    socket.on('error', () => undefined).on('close', () => resolve())
    socket.on('connect', () => write(socket))
    await promise
    return { text, tookMs: performance.now() - beganMs }
  }

  test('a bomb of headers is refused, whichever of them are ours', async () => {
    const many = Array.from({ length: 1_500 }, (_, index) => `x-${index}: 1`)
    const huge = Array.from(
      { length: 4 },
      (_, index) => `holdfast-x-${index}: ${'a'.repeat(8_000)}`,
    )
    for (const headers of [many, huge]) {
      const { text } = await sent((socket) =>
        socket.write(head(...headers, 'content-length: 2') + '{}'),
      )
      assert.match(text, /^HTTP\/1\.1 (431|400) /, text.slice(0, 80))
      assert.match(text, /application\/problem\+json/)
    }
    assert.equal(shop.inFlight(), 0)
  })

  test('a header that comes twice is never read as one of the two', async () => {
    for (const name of ['holdfast-deadline-ms', 'content-length']) {
      const { text } = await sent((socket) =>
        socket.end(head(`${name}: 2`, `${name}: 100`, 'connection: close') + '{}'),
      )
      assert.match(text, /^HTTP\/1\.1 400 /, `${name}: ${text.slice(0, 80)}`)
    }
  })

  test('who leaves in the middle of his body leaves nothing behind', async () => {
    await Promise.all(
      Array.from({ length: 20 }, async () =>
        sent((socket) => {
          socket.write(head('content-length: 1000') + '{"text":"')
          setTimeout(() => socket.destroy(), 20)
        }),
      ),
    )
    for (let turn = 0; turn < 50 && shop.inFlight() > 0; turn += 1) await sleep(20)
    assert.equal(shop.inFlight(), 0)
  })
})

suite('a caller among hostile services', () => {
  const network = httpNetwork()
  after(async () => network.close())

  const hasty = edge(
    contract('far', { ask: query({ input: unchecked<object>(), output: unchecked<unknown>() }) }),
    {
      deadline: `${DEADLINE_MS}ms`,
      transport: 'http',
      ops: { ask: { retry: 1 } },
    },
  )
  const started = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'

  /** How a call ended, what it took, and how many connections were still open a moment later. */
  async function asked(
    serve: (socket: Socket) => void,
  ): Promise<{ code: string; kind: string; tookMs: number; open: number }> {
    const open = new Set<Socket>()
    await using place = await raw((socket) => {
      open.add(socket)
      socket.once('close', () => open.delete(socket))
      serve(socket)
    })
    const call = standaloneCaller({ world: nodeWorld(network), resolve: () => place.origin })
    const beganMs = performance.now()
    const outcome = await call.outcome(hasty.ask, {})
    const tookMs = performance.now() - beganMs
    for (let turn = 0; turn < 50 && open.size > 0; turn += 1) await sleep(20)
    const code = 'error' in outcome ? outcome.error.code : outcome.kind
    return { code, kind: outcome.kind, tookMs, open: open.size }
  }

  const cases: readonly (readonly [string, RegExp, (socket: Socket) => void])[] = [
    ['never answers, and ignores that it was given up', /TIMEOUT/, (socket) => socket.resume()],
    [
      'sends a byte of its answer every 50 ms',
      /TIMEOUT/,
      (socket) => {
        socket.write(`${started}content-length: 1000\r\n\r\n`)
        const trickle = setInterval(() => socket.write(' '), 50)
        socket.on('close', () => clearInterval(trickle))
      },
    ],
    [
      'sends an answer without end',
      /CALL_LOST|TIMEOUT/,
      (socket) => {
        socket.write(`${started}transfer-encoding: chunked\r\n\r\n`)
        endlessly(socket, `4000\r\n${' '.repeat(0x4000)}\r\n`)
      },
    ],
    [
      'announces an answer of a gigabyte',
      /CALL_LOST|TIMEOUT/,
      (socket) => socket.write(`${started}content-length: 1000000000\r\n\r\n{`),
    ],
    [
      'sends headers without end',
      /CALL_LOST|TIMEOUT/,
      (socket) => {
        socket.write(started)
        endlessly(socket, `x-more: ${'a'.repeat(1_000)}\r\n`)
      },
    ],
    [
      'answers only with "go on"',
      /CALL_LOST|TIMEOUT/,
      (socket) => endlessly(socket, 'HTTP/1.1 102 Processing\r\n\r\n'),
    ],
  ]
  for (const [name, code, serve] of cases) {
    test(`a service that ${name} costs its deadline at most, and no connection`, async () => {
      const rssBefore = process.memoryUsage().rss
      const ended = await asked((socket) => socket.once('data', () => serve(socket)))

      assert.match(ended.code, code)
      assert.equal(ended.kind, 'unknown')
      assert.ok(ended.tookMs < DEADLINE_MS + SLACK_MS, `${Math.round(ended.tookMs)} ms`)
      assert.equal(ended.open, 0, 'the connection was ended by the caller')
      const grownMb = (process.memoryUsage().rss - rssBefore) / 2 ** 20
      assert.ok(grownMb < 200, `${Math.round(grownMb)} MB more`)
    })
  }
})
