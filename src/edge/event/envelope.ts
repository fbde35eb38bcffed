/**
 * The envelope of a message: one CloudEvent in structured mode, written and read.
 *
 * Anything that understands CloudEvents can read what Holdfast sends, and can send what it reads: this
 * mode, several events as a batch, or the binary mode (`binary-mode.ts`). The
 * edge is an extension attribute, because the id is deduplicated per edge.
 *
 * Invariants:
 *   V1. `readEnvelope(writeEnvelope(message))` is the message, but for `attempt`, which is a header.
 *   V2. What a stranger wrote is bounded and checked before it reaches a row, a log or a handler.
 *
 * @see CloudEvents 1.0.2, JSON event format; the Distributed Tracing extension for `traceparent`.
 */
import { HoldfastError } from '#errors'
import { parseJson } from '../call/json.ts'
import { structuredOf } from './binary-mode.ts'
import type { Message } from './message.ts'

/** The media type of one CloudEvent as JSON. */
export const CLOUD_EVENT = 'application/cloudevents+json'

/** The media type of several CloudEvents as JSON. */
export const CLOUD_EVENTS = 'application/cloudevents-batch+json'

/** Characters of a key. */
export const KEY_LENGTH_MAX = 1_024

/** Events that one request may carry. */
const EVENTS_MAX = 1_000

/** A message as it was received; the attempt is known to the sender only. */
export type Envelope = Omit<Message, 'attempt'>

/** The message as bytes. */
export function writeEnvelope(message: Message, source: string): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(cloudEvent(message, source)))
}

/** Several messages as bytes, in their order. */
export function writeEnvelopes(messages: readonly Message[], source: string): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify(messages.map((message) => cloudEvent(message, source))),
  )
}

function cloudEvent(message: Message, source: string): object {
  return {
    specversion: '1.0',
    id: message.id,
    source: `/${source}`,
    type: message.event,
    time: message.time,
    // The specification forbids an empty subject.
    ...(message.key === '' ? {} : { subject: message.key }),
    traceparent: message.traceparent,
    holdfastedge: message.edge,
    ...(message.stamp === undefined ? {} : { holdfaststamp: message.stamp }),
    ...(message.version === undefined ? {} : { holdfastversion: message.version }),
    datacontenttype: 'application/json',
    data: message.payload ?? null,
  }
}

/**
 * The message in the bytes.
 *
 * @throws HF_REQUEST_MALFORMED (effect none) naming every attribute that is wrong.
 */
export function readEnvelope(bytes: Uint8Array): Envelope {
  return envelopeOf(parseJson(bytes))
}

/** The message of a request in binary mode. @throws HF_REQUEST_MALFORMED (effect none), as above. */
export function readBinary(headers: Readonly<Record<string, string>>, bytes: Uint8Array): Envelope {
  return envelopeOf(structuredOf(headers, bytes))
}

/**
 * The messages in the bytes, in their order.
 *
 * @throws HF_REQUEST_MALFORMED (effect none) if one is wrong, or not all are of one edge.
 */
export function readEnvelopes(bytes: Uint8Array): readonly Envelope[] {
  const document = parseJson(bytes)
  if (!Array.isArray(document) || document.length === 0 || document.length > EVENTS_MAX) {
    throw malformed([`the body is not an array of 1 to ${EVENTS_MAX} events`])
  }
  const envelopes = document.map(envelopeOf)
  const edges = new Set(envelopes.map(({ edge }) => edge))
  if (edges.size > 1) throw malformed([`it mixes the edges ${[...edges].join(', ')}`])
  return envelopes
}

function envelopeOf(document: unknown): Envelope {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw malformed(['the body is not one JSON object'])
  }
  const attributes = new Map<string, unknown>(Object.entries(document))
  const faults: string[] = []
  const text = (name: string, { pattern, says }: Rule, otherwise?: string): string => {
    const value = attributes.get(name) ?? otherwise
    if (typeof value === 'string' && (value === otherwise || pattern.test(value))) return value
    faults.push(`'${name}' must be ${says}`)
    return ''
  }
  const envelope = {
    id: text('id', ID),
    edge: text('holdfastedge', EDGE),
    event: text('type', TYPE),
    key: text('subject', SUBJECT, ''),
    payload: attributes.get('data') ?? null,
    time: text('time', TIME, ''),
    traceparent: text('traceparent', TRACEPARENT, ''),
    ...(attributes.has('holdfaststamp') ? { stamp: text('holdfaststamp', STAMP) } : {}),
    ...(attributes.has('holdfastversion') ? { version: versionIn(attributes, faults) } : {}),
  }
  text('specversion', VERSION)
  if (faults.length > 0) throw malformed(faults)
  return envelope
}

function versionIn(attributes: ReadonlyMap<string, unknown>, faults: string[]): number {
  const version = attributes.get('holdfastversion')
  if (typeof version === 'number' && Number.isInteger(version) && version >= 1) return version
  faults.push("'holdfastversion' must be a whole number from 1")
  return 1
}

interface Rule {
  readonly pattern: RegExp
  readonly says: string
}

const ID: Rule = { pattern: /^[\x21-\x7e]{1,255}$/, says: '1 to 255 visible ASCII characters' }
const EDGE: Rule = { pattern: /^\w{1,63}>\w{1,63}$/, says: "an edge, such as 'orders>inventory'" }
const TYPE: Rule = { pattern: /^\w{1,63}\.\w{1,63}$/, says: "an event, such as 'orders.placed'" }
const SUBJECT: Rule = {
  pattern: new RegExp(`^[^]{1,${KEY_LENGTH_MAX}}$`),
  says: `1 to ${KEY_LENGTH_MAX} characters, or absent`,
}
const TIME: Rule = { pattern: /^\d{4}-\d\d-\d\dT[\d:.Z+-]{1,30}$/, says: 'an RFC 3339 moment' }
const TRACEPARENT: Rule = { pattern: /^[0-9a-f-]{55,100}$/, says: 'a W3C traceparent' }
const STAMP: Rule = { pattern: /^[0-9a-f]{16}$/, says: '16 hexadecimal digits' }
const VERSION: Rule = { pattern: /^1\.0$/, says: "'1.0'" }

function malformed(faults: readonly string[]): HoldfastError {
  return new HoldfastError('HF_REQUEST_MALFORMED', {
    detail: `not a CloudEvent that can be delivered: ${faults.join('; ')}`,
    fix: `Send one CloudEvent 1.0 with \`content-type: ${CLOUD_EVENT}\`.`,
  })
}
