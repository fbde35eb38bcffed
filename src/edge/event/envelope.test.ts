import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '#errors'
import { readBinary, readEnvelope, writeEnvelope } from './envelope.ts'
import type { Message } from './message.ts'

const message: Message = {
  id: '019a0000-0000-7000-8000-000000000001',
  edge: 'orders>inventory',
  event: 'orders.placed',
  key: 'a key\nwith "everything" é 🙂',
  payload: { cents: 500 },
  time: '2026-01-01T00:00:00.000Z',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  attempt: 3,
}

test('V1: what is written is read again, but for the attempt', () => {
  const { attempt: _, ...rest } = message

  assert.deepEqual(readEnvelope(writeEnvelope(message, 'orders')), rest)
  const bare = { ...message, key: '', payload: null }
  assert.deepEqual(readEnvelope(writeEnvelope(bare, 'orders')), { ...rest, key: '', payload: null })
})

test('the bytes are a CloudEvent 1.0 in structured mode', () => {
  const event: unknown = JSON.parse(new TextDecoder().decode(writeEnvelope(message, 'orders')))

  assert.deepEqual(event, {
    specversion: '1.0',
    id: message.id,
    source: '/orders',
    type: 'orders.placed',
    time: message.time,
    subject: message.key,
    traceparent: message.traceparent,
    holdfastedge: 'orders>inventory',
    datacontenttype: 'application/json',
    data: { cents: 500 },
  })
})

test('V2: every attribute that is wrong is named, and none is guessed', () => {
  const wrong = {
    specversion: 1,
    id: 'x'.repeat(256),
    type: 'placed',
    holdfastedge: 'orders>inventory; drop table',
    subject: 7,
    time: 'yesterday',
    traceparent: 'none',
  }

  assert.throws(
    () => readEnvelope(new TextEncoder().encode(JSON.stringify(wrong))),
    (error) =>
      isHoldfastError(error, 'HF_REQUEST_MALFORMED') &&
      Object.keys(wrong).every((name) => error.detail.includes(`'${name}'`)),
  )
})

const binary = {
  'content-type': 'application/json; charset=utf-8',
  'ce-specversion': '1.0',
  'ce-id': message.id,
  'ce-source': '/orders',
  'ce-type': 'orders.placed',
  'ce-time': message.time,
  'ce-subject': encodeURIComponent(message.key),
  'ce-holdfastedge': 'orders>inventory',
  'ce-holdfaststamp': '0123456789abcdef',
  'ce-holdfastversion': '2',
  traceparent: message.traceparent,
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('an event in binary mode is the same event', () => {
  const { attempt: _, ...rest } = message

  assert.deepEqual(readBinary(binary, bytes('{"cents":500}')), {
    ...rest,
    stamp: '0123456789abcdef',
    version: 2,
  })
})

test('V2: what is wrong in binary mode is named, too', () => {
  const wrongs: [Record<string, string>, string, RegExp][] = [
    [{ ...binary, 'ce-id': '' }, '{}', /'id'/],
    [{ ...binary, 'ce-subject': '%' }, '{}', /ce-subject/],
    [{ ...binary, 'ce-holdfastversion': 'two' }, '{}', /'holdfastversion'/],
    [{ ...binary, 'content-type': 'text/xml' }, '<order/>', /text\/xml/],
    [binary, '{"cents":', /JSON/],
  ]
  for (const [headers, body, says] of wrongs) {
    assert.throws(
      () => readBinary(headers, bytes(body)),
      (error) => isHoldfastError(error, 'HF_REQUEST_MALFORMED') && says.test(error.detail),
    )
  }
})
