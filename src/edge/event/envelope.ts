/**
 * The envelope of a message: one CloudEvent in structured mode, written and read.
 *
 * Anything that understands CloudEvents can read what Holdfast sends, and can send what it reads. The
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
import type { Message } from './message.ts'

/** The media type of one CloudEvent as JSON. */
export const CLOUD_EVENT = 'application/cloudevents+json'

/** A message as it was received; the attempt is known to the sender only. */
export type Envelope = Omit<Message, 'attempt'>

/** The message as bytes. */
export function writeEnvelope(message: Message, source: string): Uint8Array {
  const event = {
    specversion: '1.0',
    id: message.id,
    source: `/${source}`,
    type: message.event,
    time: message.time,
    // The specification forbids an empty subject.
    ...(message.key === '' ? {} : { subject: message.key }),
    traceparent: message.traceparent,
    holdfastedge: message.edge,
    datacontenttype: 'application/json',
    data: message.payload ?? null,
  }
  return new TextEncoder().encode(JSON.stringify(event))
}

/**
 * The message in the bytes.
 *
 * @throws HF_REQUEST_MALFORMED (effect none) naming every attribute that is wrong.
 */
export function readEnvelope(bytes: Uint8Array): Envelope {
  const document = parseJson(bytes)
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
  }
  text('specversion', VERSION)
  if (faults.length > 0) throw malformed(faults)
  return envelope
}

interface Rule {
  readonly pattern: RegExp
  readonly says: string
}

const ID: Rule = { pattern: /^[\x21-\x7e]{1,255}$/, says: '1 to 255 visible ASCII characters' }
const EDGE: Rule = { pattern: /^\w{1,63}>\w{1,63}$/, says: "an edge, such as 'orders>inventory'" }
const TYPE: Rule = { pattern: /^\w{1,63}\.\w{1,63}$/, says: "an event, such as 'orders.placed'" }
const SUBJECT: Rule = { pattern: /^[^]{1,1024}$/, says: '1 to 1024 characters, or absent' }
const TIME: Rule = { pattern: /^\d{4}-\d\d-\d\dT[\d:.Z+-]{1,30}$/, says: 'an RFC 3339 moment' }
const TRACEPARENT: Rule = { pattern: /^[0-9a-f-]{55,100}$/, says: 'a W3C traceparent' }
const VERSION: Rule = { pattern: /^1\.0$/, says: "'1.0'" }

function malformed(faults: readonly string[]): HoldfastError {
  return new HoldfastError('HF_REQUEST_MALFORMED', {
    detail: `not a CloudEvent that can be delivered: ${faults.join('; ')}`,
    fix: `Send one CloudEvent 1.0 with \`content-type: ${CLOUD_EVENT}\`.`,
  })
}
