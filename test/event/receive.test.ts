import assert from 'node:assert/strict'
import { after, beforeEach, describe, test } from 'node:test'
import { HoldfastError } from '#errors'
import { after as afterAsking, contract, service, sql, system, when } from '#model'
import { currentContext } from '#observe'
import type { WireResponse } from '#world'
import { CLOUD_EVENT, writeEnvelope } from '../../src/edge/event/envelope.ts'
import type { Message } from '../../src/edge/event/message.ts'
import { receive } from '../../src/edge/event/receive.ts'
import type { Site } from '../../src/edge/site.ts'
import { engines } from '../support/databases.ts'
import {
  clear,
  eventDatabase,
  eventSystem,
  incoming,
  manualWorld,
  orders,
  siteOf,
  waiting,
} from '../support/event-world.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'

const placed: Message = {
  id: '019a0000-0000-7000-8000-000000000001',
  edge: 'orders>inventory',
  event: 'orders.placed',
  key: 'k',
  payload: { key: 'k', n: 1 },
  time: '2026-01-01T00:00:00.000Z',
  traceparent: `00-${TRACE}-b7ad6b7169203331-01`,
  attempt: 1,
}

for (const engine of engines) {
  const database = await eventDatabase(await engine.fresh())
  after(() => database.close())
  const inventory = () => {
    const { system: whole, inventory: one } = eventSystem()
    return siteOf({ system: whole, service: one }, { world: manualWorld(), database })
  }

  describe(`receive on ${engine.name}`, () => {
    beforeEach(() => clear(database))

    test('an event is consumed and what its handler emits stands in the outbox', async () => {
      const site = inventory()

      const answer = await post(site, placed)

      assert.equal(answer.status, 204)
      assert.equal(answer.headers['holdfast-duplicate'], undefined)
      const { rows } = await database.query('select edge, head from hf.outbox')
      const [row] = rows
      assert.equal(row?.['edge'], 'inventory>mail')
      assert.match(JSON.stringify(row?.['head']), new RegExp(TRACE))
      const consumed = site.facts.find((each) => each.fact === 'consumed')
      assert.ok(consumed?.fact === 'consumed')
      assert.deepEqual([consumed.duplicate, consumed.traceId], [false, TRACE])
    })

    test('C2: a duplicate is acknowledged as one, and emits nothing again', async () => {
      const site = inventory()
      await post(site, placed)

      const answer = await post(site, placed)

      assert.equal(answer.status, 204)
      assert.equal(answer.headers['holdfast-duplicate'], 'true')
      assert.equal(await waiting(database), 1)
    })

    test('an event that was undone before it came is acknowledged, and has no effect', async () => {
      const site = inventory()
      await database.query(`insert into hf.inbox (scope, id, state) values ($1, $2, 'void')`, [
        `event:${placed.edge}`,
        placed.id,
      ])

      const answer = await post(site, placed)

      assert.equal(answer.status, 204)
      assert.deepEqual((await database.query('select * from seen')).rows, [])
      assert.equal(await waiting(database), 0)
    })

    test('a handler is given the id and the stamp of its event, or that of its arrival', async () => {
      const seen: { readonly id: string; readonly stamp: string }[] = []
      const listener = service(contract('inventory', {}), eventSystem().inventory.db, {
        handle: {},
        when: [when(orders.placed, ({ id, stamp }) => void seen.push({ id, stamp }))],
      })
      const whole = system('shop', { services: [eventSystem().orders, listener] })
      const site = siteOf({ system: whole, service: listener }, { world: manualWorld(), database })
      const stamp = `${(1_700_000_000_500).toString(16).padStart(12, '0')}0007`

      await post(site, { ...placed, stamp })
      await post(site, { ...placed, id: 'from a stranger'.replaceAll(' ', '-') })

      assert.deepEqual(seen[0], { id: placed.id, stamp })
      assert.equal(seen[1]?.id, 'from-a-stranger')
      assert.ok((seen[1]?.stamp ?? '') > stamp, 'what arrives later bears the greater stamp')
    })

    test('binary mode is read as well, and is the same message as in structured mode', async () => {
      const site = inventory()
      const headers = {
        'content-type': 'application/json',
        'ce-specversion': '1.0',
        'ce-id': placed.id,
        'ce-source': '/orders',
        'ce-type': placed.event,
        'ce-time': placed.time,
        'ce-subject': encodeURIComponent(placed.key),
        'ce-holdfastedge': placed.edge,
        traceparent: placed.traceparent,
      }

      const answer = await receive(site, incoming(JSON.stringify(placed.payload), headers))
      const again = await post(site, placed)

      assert.equal(answer.status, 204)
      assert.equal(again.headers['holdfast-duplicate'], 'true')
    })

    test('one id on two edges is two messages', async () => {
      const { system: whole, inventory: one } = eventSystem()
      const site = siteOf({ system: whole, service: one }, { world: manualWorld(), database })
      const mail = whole.services.find((each) => each.name === 'mail')
      assert.ok(mail)
      const other = siteOf({ system: whole, service: mail }, { world: manualWorld(), database })

      await post(site, placed)
      const answer = await post(other, { ...placed, edge: 'orders>mail' })

      assert.equal(answer.headers['holdfast-duplicate'], undefined)
    })

    test('C3: neighbours are asked before the transaction, and not for a duplicate', async () => {
      let asked = 0
      const site = asking(database, () => {
        asked += 1
        return `${currentContext()?.work} ${currentContext()?.trace.traceId === TRACE}`
      })

      const first = await post(site, { ...placed, edge: 'orders>asker' })
      await post(site, { ...placed, edge: 'orders>asker' })

      assert.equal(first.status, 204)
      assert.equal(asked, 1)
      const { rows } = await database.query('select key from seen')
      assert.deepEqual(rows, [{ key: 'asker<orders.placed true' }])
    })

    test('C5: a neighbour that is away is named, and does not make the delivery unsent', async () => {
      const site = asking(database, () => {
        throw new HoldfastError('HF_CALL_NOT_SENT', { detail: 'the neighbour is away' })
      })

      const answer = await post(site, { ...placed, edge: 'orders>asker' })

      assert.equal(answer.status, 503)
      assert.equal(problem(answer)['code'], 'HF_NEIGHBOUR_DOWN')
    })

    test('a request that is no CloudEvent is refused with every fault', async () => {
      const site = inventory()
      const type = { 'content-type': CLOUD_EVENT }
      const bad = '{"specversion":"0.3","id":"","type":"orders.placed","holdfastedge":"x"}'

      const faults = problem(await receive(site, incoming(bad, type)))
      const answers = await Promise.all(
        ['', '[]', 'null', '{', '{"__proto__":1}', '['.repeat(10_000)].map((body) =>
          receive(site, incoming(body, type)),
        ),
      )
      const plain = await receive(site, incoming('{}', { 'content-type': 'application/json' }))

      assert.match(String(faults['detail']), /'id' must.*'holdfastedge' must.*'specversion' must/)
      assert.deepEqual(
        answers.map((each) => each.status),
        answers.map(() => 400),
      )
      assert.equal(plain.status, 400)
      assert.deepEqual(site.facts, [])
    })

    test('an edge that leads elsewhere is unknown here', async () => {
      const answers = await Promise.all(
        ['orders>mail', 'mail>inventory', 'nobody>inventory'].map((edge) =>
          post(inventory(), { ...placed, edge }),
        ),
      )

      assert.deepEqual(
        answers.map((each) => [each.status, problem(each)['code']]),
        answers.map(() => [404, 'HF_EVENT_UNKNOWN']),
      )
    })

    test('a database that cannot be reached is answered as such', async () => {
      const unreachable = new HoldfastError('HF_DB_UNREACHABLE', { detail: 'db:5432 is down' })
      const site = {
        ...inventory(),
        database: { ...database, transaction: () => Promise.reject(unreachable) },
      }

      const answer = await post(site, placed)

      assert.equal(answer.status, 503)
      assert.equal(problem(answer)['code'], 'HF_DB_UNREACHABLE')
    })

    if (!engine.isConcurrent) return

    test('C2: of twenty deliveries at once one has the effect', async () => {
      const site = inventory()

      const answers = await Promise.all(Array.from({ length: 20 }, () => post(site, placed)))

      assert.deepEqual(new Set(answers.map((each) => each.status)), new Set([204]))
      const firsts = answers.filter((each) => each.headers['holdfast-duplicate'] === undefined)
      assert.equal(firsts.length, 1)
      assert.equal(await waiting(database), 1)
    })
  })
}

async function post(site: Site, message: Message): Promise<WireResponse> {
  const headers = { 'content-type': CLOUD_EVENT, traceparent: message.traceparent }
  return receive(site, incoming(writeEnvelope(message, 'orders'), headers))
}

function problem({ body }: WireResponse): Readonly<Record<string, unknown>> {
  // Every answer that is looked at is a problem document.
  return JSON.parse(new TextDecoder().decode(body)) as Record<string, unknown>
}

/** A consumer that asks `ask` first and writes down what it said. */
function asking(database: Site['database'], ask: () => string) {
  const { orders: source } = eventSystem()
  const asker = service(contract('asker', {}), sql({ migrations: new URL('file:///nowhere/') }), {
    handle: {},
    when: [
      when(
        orders.placed,
        afterAsking(
          async () => ask(),
          async ({ tx, asked }) => {
            await tx.query('insert into seen (key, n) values ($1, 0)', [asked])
          },
        ),
      ),
    ],
  })
  const whole = system('shop', { services: [source, asker] })
  return siteOf({ system: whole, service: asker }, { world: manualWorld(), database })
}
