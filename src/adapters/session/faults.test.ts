/**
 * What the other end may send that it must not: each is a fault with a reason, ends the session, and
 * leaves nothing behind.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isHoldfastError } from '#errors'
import type { WireHandler } from '#world'
import { ManualWorld, settle } from '../../../test/support/manual-world.ts'
import {
  frameOf,
  framesIn,
  headed,
  numbers,
  settingsFrame,
} from '../../../test/support/session-bytes.ts'
import { MemoryWire, sessionRequest } from '../../../test/support/session-pair.ts'
import { Answering } from './answering.ts'
import { Calling } from './calling.ts'
import { type Frame, FrameReader } from './frame-reader.ts'
import { decodeAnswerHead, decodeRequestHead, encodeRequestHead } from './head.ts'

const request = frameOf(0x82, 1, headed('POST\n/a', '{"n":1}'))

/** One end against bytes. */
function alone(): {
  readonly wire: MemoryWire
  readonly world: ManualWorld
  readonly flush: () => void
  readonly surroundings: ConstructorParameters<typeof Calling>[3]
} {
  const wire = new MemoryWire()
  const world = new ManualWorld()
  const turns: (() => void)[] = []
  const { clock, timers } = world
  const surroundings = { clock, timers, atEndOfTurn: (run: () => void) => void turns.push(run) }
  const flush = (): void => {
    for (const run of turns.splice(0)) run()
  }
  return { wire, world, flush, surroundings }
}

function callee(
  handle: WireHandler = async () => ({ status: 200, headers: {}, body: Buffer.alloc(0) }),
) {
  const place = alone()
  const end = new Answering({ handle, onEnded: () => {} }, place.wire, place.surroundings)
  return { ...place, end }
}

function caller() {
  const place = alone()
  const events = { ready: (): void => {}, closing: (): void => {} }
  const end = new Calling('callee', events, place.wire, place.surroundings)
  return { ...place, end }
}

/** The reason in the last frame that was written. */
function reasonOf(wire: MemoryWire): string {
  const last = framesIn(Buffer.concat(wire.log)).at(-1)
  assert.equal(last?.type, 9, 'the last frame is a leave')
  return last.payload.toString('utf8', 5)
}

const ofCallers: readonly (readonly [string, readonly Buffer[], RegExp])[] = [
  ['another first frame than the settings', [request], /not the settings/],
  ['settings twice', [settingsFrame, settingsFrame], /came twice/],
  ['settings that are too short', [frameOf(1, 0, numbers(1))], /have 4 bytes/],
  ['settings that allow nothing', [frameOf(1, 0, numbers(0, 1, 1))], /hold 0/],
  ['settings over the limit', [frameOf(1, 0, numbers(1, 2 ** 31, 1))], /hold 2147483648/],
  [
    'a length of 16 MB',
    [settingsFrame, Buffer.from([255, 255, 255, 4, 0, 0, 0, 1])],
    /16777215 bytes/,
  ],
  ['a type that is none', [settingsFrame, frameOf(77, 1)], /type 77/],
  ['an answer', [settingsFrame, frameOf(0x83, 1, headed('200'))], /type 131/],
  ['a stream twice', [settingsFrame, request, request], /opened after 1/],
  ['stream 0', [settingsFrame, frameOf(0x82, 0, headed('GET\n/'))], /stream 0/],
  [
    'a head that is longer than its frame',
    [settingsFrame, frameOf(0x82, 1, Buffer.from([9, 9, 1]))],
    /longer than its frame/,
  ],
  ['a request of no bytes', [settingsFrame, frameOf(0x82, 1)], /longer than its frame/],
  ['a request without a method', [settingsFrame, frameOf(0x82, 1, headed('no'))], /no method/],
  ['a path that is none', [settingsFrame, frameOf(0x82, 1, headed('GET\nhttp://a'))], /path/],
  ['a header without a name', [settingsFrame, frameOf(0x82, 1, headed('GET\n/\n: x'))], /no name/],
  ['a header twice', [settingsFrame, frameOf(0x82, 1, headed('GET\n/\nA1\nA2'))], /stands twice/],
  [
    'a bomb of headers',
    [
      settingsFrame,
      frameOf(
        0x82,
        1,
        headed(`GET\n/${Array.from({ length: 200 }, (_, n) => `\n:x${n}:1`).join('')}`),
      ),
    ],
    /more than 100/,
  ],
  [
    'a carriage return',
    [settingsFrame, frameOf(0x82, 1, headed('GET\n/\nA1\rB2'))],
    /control characters/,
  ],
  ['a body that nobody opened', [settingsFrame, frameOf(4, 5, 'x')], /never opened/],
  ['a body behind its end', [settingsFrame, request, frameOf(4, 1, 'x')], /behind its end/],
  [
    'more of a body than was granted',
    [
      settingsFrame,
      frameOf(2, 1, headed('PUT\n/')),
      ...Array.from({ length: 3 }, () => frameOf(4, 1, Buffer.alloc(32_000))),
    ],
    /window is 65536/,
  ],
  ['a window of 0', [settingsFrame, frameOf(6, 0, numbers(0))], /0 bytes/],
  ['a window without its number', [settingsFrame, frameOf(6, 0)], /has 0 bytes/],
  ['windows without end', [settingsFrame, frameOf(6, 0, numbers(2 ** 31 - 1))], /over its limit/],
  ['a cancel without a reason', [settingsFrame, request, frameOf(5, 1)], /not one byte/],
]
for (const [name, bytes, reason] of ofCallers) {
  test(`a callee that meets ${name} says so and ends`, () => {
    const { end, wire, world } = callee(() => new Promise(() => {}))

    for (const each of bytes) end.link.receive(each)

    assert.match(reasonOf(wire), reason)
    assert.deepEqual([wire.isEnded, end.isBusy(), world.timersPending], [true, false, 0])
  })
}

const ofCallees: readonly (readonly [string, readonly Buffer[], RegExp])[] = [
  ['an answer to nothing', [settingsFrame, frameOf(0x83, 9, headed('200'))], /never opened/],
  ['a status that is none', [settingsFrame, frameOf(0x83, 1, headed('99x'))], /status/],
  [
    'two answers',
    [settingsFrame, frameOf(3, 1, headed('200')), frameOf(3, 1, headed('200'))],
    /twice/,
  ],
  ['a body without a head', [settingsFrame, frameOf(4, 1, 'x')], /without a head/],
  ['a request', [settingsFrame, frameOf(2, 1, headed('GET\n/'))], /type 2/],
]
for (const [name, bytes, reason] of ofCallees) {
  test(`a caller that meets ${name} says so, and its calls are lost`, async () => {
    const { end, wire, flush, world } = caller()
    end.link.receive(settingsFrame)
    const sent = assert.rejects(end.send(sessionRequest()), (error) =>
      isHoldfastError(error, 'HF_CALL_LOST'),
    )
    flush()

    for (const each of bytes.slice(1)) end.link.receive(each)

    await sent
    assert.match(reasonOf(wire), reason)
    assert.deepEqual([wire.isEnded, end.isBusy(), world.timersPending], [true, false, 0])
  })
}

test('A2: who opens and cancels in turns runs no more handlers than who does not', () => {
  let running = 0
  const { end, wire, flush } = callee(() => {
    running += 1
    return new Promise(() => {})
  })
  end.link.receive(settingsFrame)

  for (let stream = 1; stream <= 17_000; stream += 1) {
    end.link.receive(frameOf(0x82, stream, headed('GET\n/')))
    end.link.receive(frameOf(5, stream, Buffer.from([0])))
  }
  flush()

  assert.equal(running, 16_384)
  const refused = framesIn(Buffer.concat(wire.log)).filter(
    ({ type, payload }) => type === 5 && payload[0] === 1,
  )
  assert.equal(refused.length, 17_000 - 16_384)
})

test('who pings and does not read is not answered without end', () => {
  const { end, wire } = callee()
  wire.takesBytes = 0
  end.link.receive(settingsFrame)
  const pings = Buffer.concat(Array.from({ length: 10_000 }, () => frameOf(7, 0)))

  for (let rounds = 0; rounds < 300; rounds += 1) end.link.receive(pings)

  assert.ok(wire.isEnded)
})

test('a frame that takes more than half a minute ends the session', async () => {
  const { end, wire, world } = callee()
  end.link.receive(settingsFrame)

  for (const byte of request.subarray(0, 18)) {
    end.link.receive(Buffer.from([byte]))
    // oxlint-disable-next-line no-await-in-loop -- byte by byte is the point
    await world.advance(2_000)
  }

  assert.match(reasonOf(wire), /longer than 30000 ms/)
})

const frames = fc.array(
  fc.record(
    { type: fc.nat(255), stream: fc.nat(2 ** 31), payload: fc.uint8Array({ maxLength: 60 }) },
    { noNullPrototype: true },
  ),
  { maxLength: 12 },
)

test('R1: the same bytes give the same frames, in whatever chunks they come', () => {
  fc.assert(
    fc.property(
      frames,
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      (sent, sizes) => {
        const bytes = Buffer.concat(
          sent.map((each) => frameOf(each.type, each.stream, each.payload)),
        )
        const found: typeof sent = []
        const reader = new FrameReader(({ type, stream, bytes: all, from, to }: Frame) =>
          found.push({ type, stream, payload: Uint8Array.from(all.subarray(from, to)) }),
        )
        for (let at = 0, index = 0; at < bytes.length; index += 1) {
          const size = sizes[index % sizes.length] ?? 1
          reader.read(bytes.subarray(at, at + size))
          at += size
        }
        assert.deepEqual(found, sent)
        assert.equal(reader.isWithinFrame, false)
      },
    ),
  )
})

test('whatever a stranger sends, a callee answers, waits or ends, and does nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      frames,
      fc.uint8Array({ maxLength: 200 }),
      async (isPolite, sent, rest) => {
        const { end, wire, world } = callee()
        if (isPolite) end.link.receive(settingsFrame)
        for (const each of sent) end.link.receive(frameOf(each.type, each.stream, each.payload))
        end.link.receive(Buffer.from(rest))
        await settle()
        end.link.lost('reset')
        assert.ok(wire.isEnded || wire.isDestroyed)
        assert.deepEqual([end.isBusy(), world.timersPending], [false, 0])
      },
    ),
    { numRuns: 150 },
  )
})

test('whatever a callee sends instead of its answers, each call ends once, classified', async () => {
  const whole = Buffer.concat([
    frameOf(3, 1, headed('200\nAapplication/json', '{"ok"')),
    frameOf(0x84, 1, ':true}'),
    frameOf(0x83, 2, headed('503\nJelsewhere', '{}')),
    frameOf(5, 3, Buffer.from([1])),
    frameOf(6, 0, numbers(70_000)),
  ])
  const mutation = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255) })
  await fc.assert(
    fc.asyncProperty(
      fc.array(mutation, { maxLength: 4 }),
      fc.nat(whole.length),
      async (mutations, cut) => {
        const { end, flush, world } = caller()
        end.link.receive(settingsFrame)
        const calls = [1, 2, 3, 4].map(() => end.send(sessionRequest({ answerBytesMax: 1_000 })))
        const endings = Promise.allSettled(calls)
        flush()
        const bytes = Buffer.from(whole)
        for (const { at, byte } of mutations) bytes[at] = byte
        end.link.receive(bytes.subarray(0, cut))
        end.link.lost('reset')
        for (const ending of await endings) {
          if (ending.status === 'fulfilled')
            assert.ok(ending.value.status >= 200 && ending.value.status <= 599)
          else
            assert.ok(
              isHoldfastError(ending.reason, 'HF_CALL_LOST') ||
                isHoldfastError(ending.reason, 'HF_CALL_NOT_SENT'),
            )
        }
        assert.deepEqual([end.isBusy(), world.timersPending], [false, 0])
      },
    ),
    { numRuns: 300 },
  )
})

test('H1: a head that is encoded is decoded to what it was, or refused before it is sent', () => {
  const name = fc.constantFrom(
    'content-type',
    'traceparent',
    'x-a',
    'a:b',
    'A',
    '',
    'hasOwnProperty',
  )
  const value = fc.string({
    unit: fc.constantFrom('a', ' ', ':', '\n', '\r', '\t', 'é', '€', '\0'),
  })
  fc.assert(
    fc.property(fc.dictionary(name, value, { noNullPrototype: true }), (headers) => {
      const head = { method: 'POST', path: '/a?b=c', headers }
      const text = encodeRequestHead(head)
      const isOneLine = Object.values(headers).every((each) => /^[\t -~\u0080-\u00ff]*$/.test(each))
      if (!isOneLine) assert.equal(text, undefined)
      else if (text !== undefined) assert.deepEqual(decodeRequestHead(text), head)
    }),
  )
})

test('H1: an answer without headers has none', () => {
  assert.deepEqual(decodeAnswerHead('204'), { status: 204, headers: {} })
})
