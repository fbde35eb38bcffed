/**
 * The events of a system as AsyncAPI 3: what is told, to whom, in which order and how surely.
 *
 * Promise: every event of every own service is one channel with one sender, and every subscription is
 * one receiver. The payload is the CloudEvent that is on the wire, with the event inside.
 *
 * Shapes are written in draft 7 of JSON Schema: AsyncAPI 3 has no other by default.
 *
 * @see https://www.asyncapi.com/docs/reference/specification/v3.0.0
 * @see CloudEvents 1.0.2, JSON event format
 */
import type { Operation, System } from '#model'
import { embeddedShape, type JsonObject } from './json-schema.ts'
import { keyName } from './key-name.ts'
import { DELIVERIES_MAX, DELIVERY_MS_MAX } from './policy.ts'

type Told = Extract<Operation, { readonly kind: 'event' }>

/** The AsyncAPI document of a system. */
export function asyncApiOf(system: System): JsonObject {
  const told = system.services.flatMap(({ contract }) =>
    Object.values(contract['~contract'].operations).filter((each) => each.kind === 'event'),
  )
  const heard = system.services.flatMap(({ name, subscriptions }) =>
    subscriptions.map(({ event }) => [`${name}.hears.${nameOf(event)}`, receiver(event)] as const),
  )
  return {
    asyncapi: '3.0.0',
    info: { title: system.name, version: 'unversioned' },
    defaultContentType: CLOUD_EVENT,
    channels: Object.fromEntries(told.map((each) => [nameOf(each), channelOf(each)])),
    operations: Object.fromEntries([
      ...told.map((each) => [`${each.contract}.tells.${each.name}`, sender(each)] as const),
      ...heard,
    ]),
    components: {
      messages: Object.fromEntries(told.map((each) => [nameOf(each), messageOf(each)])),
    },
  }
}

const CLOUD_EVENT = 'application/cloudevents+json'

/** Where every service receives its events; `type` tells them apart. */
const EVENTS_PATH = '/holdfast/events'

function nameOf({ contract, name }: Pick<Told, 'contract' | 'name'>): string {
  return `${contract}.${name}`
}

function channelOf(event: Told): JsonObject {
  return {
    address: EVENTS_PATH,
    messages: { [event.name]: { $ref: `#/components/messages/${nameOf(event)}` } },
    'x-holdfast-owner': event.contract,
  }
}

function sender(event: Told): JsonObject {
  return {
    action: 'send',
    ...carried(event),
    'x-holdfast-effect': 'leaves with the transaction that it tells of (outbox)',
  }
}

function receiver(event: Told): JsonObject {
  return {
    action: 'receive',
    ...carried(event),
    'x-holdfast-delivery': 'at least once',
    'x-holdfast-effect': 'once per subscriber, while the inbox row is kept',
    'x-holdfast-deadline': { deliveryMs: DELIVERY_MS_MAX },
    'x-holdfast-attempts': { max: DELIVERIES_MAX, last: 'dead letter' },
  }
}

function carried(event: Told): JsonObject {
  const channel = `#/channels/${nameOf(event)}`
  return {
    channel: { $ref: channel },
    messages: [{ $ref: `${channel}/messages/${event.name}` }],
    'x-holdfast-order':
      event.key === undefined ? { kept: 'none' } : { kept: 'per key', key: keyName(event.key) },
  }
}

function messageOf(event: Told): JsonObject {
  const name = nameOf(event)
  return {
    name,
    title: name,
    contentType: CLOUD_EVENT,
    payload: {
      type: 'object',
      required: ['specversion', 'id', 'source', 'type', 'time', 'data'],
      properties: {
        specversion: { const: '1.0' },
        id: { type: 'string', description: 'Deduplicated per edge.' },
        source: { const: `/${event.contract}` },
        type: { const: name },
        subject: { type: 'string', description: 'The ordering key, if there is one.' },
        time: { type: 'string', format: 'date-time' },
        traceparent: { type: 'string' },
        holdfastedge: { type: 'string', description: 'The edge, such as `orders>inventory`.' },
        datacontenttype: { const: 'application/json' },
        data: embeddedShape(event.payload, 'output', {
          name: `${name}:payload`,
          draft: 'draft-07',
        }),
      },
    },
  }
}
