/**
 * What a change of a contract breaks. Each change stands beside its harmless sibling.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import {
  command,
  contract,
  edge,
  event,
  type Operations,
  query,
  service,
  sql,
  system,
  type System,
  when,
} from '#model'
import { breaksBetween } from './compatibility.ts'
import type { JsonObject } from './json-schema.ts'
import { schemaGaps } from './schema-gap.ts'

const db = sql({ migrations: new URL('file:///nowhere/') })

/** A shop of which only the operations change; `web` has an edge to it and hears `sold`. */
function shop(operations: Operations): System {
  const named = contract('shop', operations)
  const { '~contract': promised } = named
  const sold = promised.operations['sold']
  const hears = sold?.kind === 'event' ? [when(sold, () => undefined)] : []
  // The operations are made up for each test, so no handler can be typed for them.
  const handle = Object.fromEntries(
    Object.entries(operations).flatMap(([name, { kind }]) =>
      kind === 'event' ? [] : [[name, () => undefined]],
    ),
  )
  return system('shop', {
    services: [
      service(named, db, { handle: handle as never }),
      service(contract('web', {}), db, {
        handle: {},
        uses: [edge(named, { deadline: '1s' })],
        when: hears,
      }),
    ],
  })
}

/** The breaks as lines: kind, and what happened. */
function said(before: Operations, after: Operations): readonly string[] {
  return breaksBetween(shop(before), shop(after)).map(({ kind, says }) => `${kind}: ${says}`)
}

const Order = z.object({ id: z.string(), note: z.string().max(20).optional() })
const buy = (input: z.ZodObject, output: z.ZodType = Order): Operations => ({
  buy: command({ input, output, key: 'from-caller' }),
})

function statuses(...all: readonly [string, ...string[]]): Operations {
  return buy(Order, z.object({ status: z.enum(all) }))
}

function many(inner: z.ZodType): Operations {
  return buy(z.object({ list: z.array(inner), record: z.record(z.string(), inner) }))
}

function refusing(refuses: Readonly<Record<string, z.ZodType>>): Operations {
  return { buy: command({ input: Order, refuses }) }
}

function keyed(key: ((input: { readonly id: string }) => string) | 'from-caller'): Operations {
  return { buy: command({ input: z.object({ id: z.string() }), key }) }
}

function unionOf(...all: readonly [z.ZodObject, ...z.ZodObject[]]): JsonObject {
  return z.toJSONSchema(z.union(all))
}

test('an input may widen: a new optional field, a wider bound', () => {
  const wider = Order.extend({ gift: z.boolean().optional(), note: z.string().max(99).optional() })

  assert.deepEqual(said(buy(Order), buy(wider)), [])
})

test('an input that asks for more is named with its field', () => {
  const narrower = z.object({ id: z.int(), note: z.string().max(9).optional(), cents: z.int() })

  assert.deepEqual(said(buy(Order), buy(narrower)), [
    'input-narrowed: the input field `cents` is required now',
    'input-narrowed: the input field `id` is not accepted as before: string, not integer',
    'input-narrowed: the input field `note` is not accepted as before: maxLength 20, not 9',
  ])
})

test('a lower bound may fall and not rise, and a format is one bound', () => {
  const atLeast = (min: number): Operations => buy(z.object({ n: z.int().min(min) }))
  const [text, uuid] = [z.object({ id: z.string() }), z.object({ id: z.uuid() })]

  assert.deepEqual(said(atLeast(5), atLeast(2)), [])
  assert.deepEqual(said(atLeast(2), atLeast(5)), [
    'input-narrowed: the input field `n` is not accepted as before: minimum 2, not 5',
  ])
  assert.deepEqual(said(buy(text), buy(uuid)), [
    'input-narrowed: the input field `id` is not accepted as before: format none, not "uuid"',
  ])
})

test('a strict input that loses a field accepts it no more, and an open one ignores it', () => {
  const less = z.object({ id: z.string() })

  assert.deepEqual(said(buy(Order), buy(less)), [])
  assert.deepEqual(said(buy(Order), buy(less.strict())), [
    'input-narrowed: the input field `note` is not accepted any more',
  ])
})

test('what stands in lists and records is compared, too', () => {
  assert.deepEqual(said(many(z.int()), many(z.number())), [])
  assert.deepEqual(said(many(z.number()), many(z.int())), [
    'input-narrowed: the input field `list[]` is not accepted as before: number, not integer',
    'input-narrowed: the input field `record.*` is not accepted as before: number, not integer',
  ])
})

test('a field that was filled in and must be sent now is required', () => {
  const [filled, sent] = [z.boolean().default(false), z.boolean()]

  assert.deepEqual(said(buy(Order.extend({ gift: filled })), buy(Order.extend({ gift: sent }))), [
    'input-narrowed: the input field `gift` is required now',
  ])
})

test('a service that is gone breaks whoever called it', () => {
  const before = shop({ get: query({ input: Order, output: Order }) })
  const [found] = breaksBetween(before, system('empty', { services: [] }))

  assert.deepEqual(
    [found?.kind, found?.at, found?.breaks],
    ['contract-removed', 'shop.get', ['web']],
  )
})

test('an answer may say more, and not less', () => {
  const more = Order.extend({ cents: z.int() })

  assert.deepEqual(said(buy(Order, Order), buy(Order, more)), [])
  assert.deepEqual(said(buy(Order, more), buy(Order, Order)), [
    'output-widened: `cents` of the answer is not always there any more',
  ])
})

test('a default is required of nobody who asks, and given to everybody who is answered', () => {
  const defaulted = Order.extend({ gift: z.boolean().default(false) })

  assert.deepEqual(said(buy(Order), buy(defaulted)), [])
  assert.deepEqual(said(buy(Order, Order.extend({ gift: z.boolean() })), buy(Order, defaulted)), [])
})

test('a status that no old caller knows is a break, and one that is never sent is none', () => {
  assert.deepEqual(said(statuses('paid'), statuses('paid', 'lost')), [
    'output-widened: `status` of the answer may be what nobody expects: "lost"',
  ])
  assert.deepEqual(said(statuses('paid', 'lost'), statuses('paid')), [])
})

test('a new refusal is a break, and one that is gone is none', () => {
  const broke = z.object({ reason: z.string() })

  assert.deepEqual(said(refusing({}), refusing({ broke })), [
    'refusal-added: the refusal `broke` is new',
  ])
  assert.deepEqual(said(refusing({ broke }), refusing({})), [])
})

test('another key, another kind and another route are breaks', () => {
  const at = (route: `GET /${string}`): Operations => ({
    get: query({ input: Order, output: Order, http: { route } }),
  })
  const input = z.object({ id: z.string() })

  assert.match(
    said(
      keyed((i) => i.id),
      keyed('from-caller'),
    ).join(),
    /^key-changed: .* is the caller's$/,
  )
  assert.match(said(at('GET /a'), at('GET /b')).join(), /^route-changed: .*`GET \/a`.*`GET \/b`/)
  assert.deepEqual(said({ buy: command({ input }) }, { buy: query({ input, output: Order }) }), [
    'kind-changed: it was a command and is a query',
  ])
})

test('each break names whom it hits', () => {
  const before: Operations = {
    get: query({ input: Order, output: Order, http: { route: 'GET /orders' } }),
    sold: event({ payload: Order }),
    lost: event({ payload: Order }),
  }
  const moved = query({ input: Order, output: Order, http: { route: 'GET /orders', status: 203 } })

  const found = [
    ...breaksBetween(shop(before), shop({})),
    ...breaksBetween(shop(before), shop({ ...before, get: moved })),
  ]

  assert.deepEqual(
    found.map(({ kind, at, breaks }) => [kind, at, ...breaks]),
    [
      ['operation-removed', 'shop.get', 'web', 'the public'],
      ['operation-removed', 'shop.sold', 'web'],
      ['operation-removed', 'shop.lost'],
      ['route-changed', 'shop.get', 'the public'],
    ],
  )
})

test('a shape that has no JSON form is reported, not passed over', () => {
  const dated = buy(z.object({ at: z.date() }), z.object({}))

  assert.deepEqual(said(dated, dated), [
    'unclear: a shape of input has no JSON Schema (zod), so it was not compared',
  ])
})

test('K3: what cannot be compared is a gap, and a recursive shape ends', () => {
  const Tree = z.object({
    name: z.string(),
    get children() {
      return z.array(Tree)
    },
  })
  const shape = z.toJSONSchema(Tree)
  const longer = z.toJSONSchema(Tree.extend({ name: z.string().min(2) }))

  assert.deepEqual(schemaGaps({ not: { type: 'null' } }, { not: {} }), [
    { at: '', kind: 'unclear', detail: '`not`' },
  ])
  assert.deepEqual(schemaGaps({ $ref: 'http://elsewhere' }, {})[0]?.kind, 'unclear')
  assert.deepEqual(schemaGaps(shape, shape), [])
  assert.deepEqual(schemaGaps(shape, longer)[0], {
    at: 'name',
    kind: 'bound',
    detail: 'minLength none, not 2',
  })
})

test('a variant of a union is compared with the variant that has its tag', () => {
  const card = z.object({ by: z.literal('card'), number: z.string() })
  const cash = z.object({ by: z.literal('cash') })
  assert.deepEqual(schemaGaps(unionOf(card), unionOf(card, cash)), [])
  assert.deepEqual(
    schemaGaps(
      unionOf(card, cash),
      unionOf(card.extend({ cvc: z.int(), name: z.string(), zip: z.string() }), cash),
    ),
    [
      { at: 'cvc', kind: 'missing', detail: '' },
      { at: 'name', kind: 'missing', detail: '' },
      { at: 'zip', kind: 'missing', detail: '' },
    ],
  )
})
