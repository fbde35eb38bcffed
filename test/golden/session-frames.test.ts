/**
 * Sessions in writing: every byte of five short conversations, as `docs/reference/session-frames.md`
 * explains them. A change of the format changes `session-frames.txt`, and is seen in review.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { WireHandler } from '#world'
import { framesIn } from '../support/session-bytes.ts'
import { type MemoryWire, SessionPair, sessionRequest } from '../support/session-pair.ts'

const NAMES = 'padding settings request answer body cancel window ping pong leave'.split(' ')
/** Bytes of numbers before the text of a payload; all of it where nothing is said. */
const NUMBER_BYTES: Readonly<Record<string, number>> = { request: 2, answer: 2, body: 0, leave: 5 }
/** Of a long payload only the beginning is written. */
const SHOWN_BYTES_MAX = 96

const echo: WireHandler = async ({ path, readBody }) => {
  if (path === '/long') await new Promise(() => {})
  const body = await readBody(1_000_000)
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: body.subarray(0, 20),
  }
}

const conversations: Readonly<Record<string, (pair: SessionPair) => Promise<void>>> = {
  async 'one call'(pair) {
    const sent = pair.calling.send(
      sessionRequest({
        headers: {
          'content-type': 'application/json',
          'idempotency-key': '"o-1"',
          'holdfast-deadline-ms': '740',
          'x-mine': 'a b',
        },
      }),
    )
    await pair.move()
    await sent
  },
  async 'a call that is given up'(pair) {
    const away = new AbortController()
    const sent = pair.calling.send(sessionRequest({ path: '/long', signal: away.signal }))
    await pair.turn()
    away.abort(new Error('enough'))
    await Promise.allSettled([pair.move(), sent])
  },
  async 'a body of 100 kB'(pair) {
    const sent = pair.calling.send(sessionRequest({ body: Buffer.alloc(100_000, 'x') }))
    await pair.move()
    await sent
  },
  async 'a callee that stops'(pair) {
    pair.answering.leave()
    await pair.move()
  },
  async 'a fault'(pair) {
    pair.answering.link.receive(Buffer.from([255, 255, 255, 2, 0, 0, 0, 1]))
    await pair.move()
  },
}

test('the bytes of a session are those that are written down', async () => {
  const written = readFileSync(new URL('./session-frames.txt', import.meta.url), 'utf8')
  const parts: string[] = []
  for (const [name, talk] of Object.entries(conversations)) {
    const pair = new SessionPair(echo)
    // oxlint-disable-next-line no-await-in-loop -- in their order
    await pair.move()
    // oxlint-disable-next-line no-await-in-loop -- in their order
    await talk(pair)
    parts.push(
      `# ${name}`,
      '',
      ...lines('caller', pair.toCallee),
      ...lines('callee', pair.toCaller),
      '',
    )
  }

  assert.equal(`${parts.join('\n').trimEnd()}\n`, written)
})

/** Who says what: type, stream, and the payload: numbers in hexadecimal, the rest as text. */
function lines(who: string, wire: MemoryWire): readonly string[] {
  return framesIn(Buffer.concat(wire.log)).map(({ type, stream, payload }) => {
    const word = NAMES[type & 0x7f] ?? ''
    const name = type >= 0x80 ? `${word} end` : word
    const numbersEnd = NUMBER_BYTES[word] ?? payload.length
    const numbers = payload.toString('hex', 0, numbersEnd)
    const text = payload.toString('latin1', numbersEnd, numbersEnd + SHOWN_BYTES_MAX)
    const more = payload.length > SHOWN_BYTES_MAX ? ` … ${payload.length} bytes` : ''
    return `${who} ${name.padEnd(11)} ${stream}  ${numbers} ${text === '' ? '' : JSON.stringify(text)}${more}`.trimEnd()
  })
}
