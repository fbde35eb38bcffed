/**
 * The shop that most failures happen to: orders takes the lines of an order, the warehouse packs them.
 *
 * There are two of it. `declared` is the shop on Holdfast: the line and the event that tells of it are
 * one commit. In `byHand`, orders is what most of us have written: it commits the line, answers, and
 * tells the warehouse in the background, with three tries. The load, the faults and the question are
 * the same for both: is every line packed once, in its order?
 */
import assert from 'node:assert/strict'
import {
  command,
  contract,
  event,
  foreign,
  query,
  service,
  type Service,
  sql,
  type SqlExecutor,
  system,
  type System,
  when,
} from 'holdfast'
import {
  type FaultKind,
  type ForeignProgram,
  type Load,
  type Look,
  simulate,
  type SimulationResult,
} from 'holdfast/sim'
import { z } from 'zod'
import { insist } from './insist.ts'

/** The nth line of an order; an order is packed in the order of its lines. */
export const Line = z.object({
  orderId: z.string(),
  n: z.int().positive(),
  note: z.string().optional(),
})

/** A line, as it travels. */
export type Line = z.infer<typeof Line>

/** What others may rely on about orders. */
export const orders = contract('orders', {
  add: command({ input: Line, key: ({ orderId, n }) => `${orderId}/${n}` }),
  added: event({ payload: Line, key: ({ orderId }) => orderId }),
})

/** What others may rely on about the warehouse. `pack` has no key: it is for those who tell by hand. */
export const warehouse = contract('warehouse', {
  pack: command({ input: Line }),
  parcel: query({ input: Line.pick({ orderId: true }), output: z.array(z.int()) }),
})

/** Where the tables of orders are made. */
export const ordersTables: URL = new URL('./orders/', import.meta.url)

const ordersService = service(orders, sql({ migrations: ordersTables }), {
  handle: {
    add: async ({ tx, input, emit }) => {
      await tx.query('insert into line (order_id, n) values ($1, $2)', [input.orderId, input.n])
      emit.added(input)
    },
  },
})

/** Throws for a line that the warehouse cannot pack. */
export type MayPack = (line: Line) => void

const anyLine: MayPack = () => undefined

/** The warehouse. It packs what it is asked to pack, and what it hears of. */
export function packing(hears: 'events' | 'calls', mayPack: MayPack = anyLine): Service {
  const pack = async (tx: SqlExecutor, line: Line): Promise<void> => {
    await tx.query('insert into packed (order_id, n) values ($1, $2)', [line.orderId, line.n])
    mayPack(line)
  }
  const tables = sql({ migrations: new URL('./warehouse/', import.meta.url) })
  return service(warehouse, tables, {
    handle: {
      pack: async ({ tx, input }) => pack(tx, input),
      parcel: async ({ db, input }) => {
        const { rows } = await db.query<{ n: number }>(
          'select n from packed where order_id = $1 order by place',
          [input.orderId],
        )
        return rows.map(({ n }) => n)
      },
    },
    when: hears === 'events' ? [when(orders.added, ({ tx, event: line }) => pack(tx, line))] : [],
  })
}

/** The shop on Holdfast. */
export function declared(mayPack: MayPack = anyLine): System {
  return system('shop', { services: [ordersService, packing('events', mayPack)] })
}

/** The shop whose orders are written by hand: they are the program that plays a foreign service. */
export function byHand(mayPack: MayPack = anyLine): System {
  return system('shop', { services: [packing('calls', mayPack)], foreign: [foreign(orders)] })
}

/** Orders, by hand. What it keeps is on its disk, and survives a crash as a database would. */
export const ordersByHand: ForeignProgram = (machine) => {
  const lines = machine.kept('lines', () => new Set<string>())
  return {
    fetch: async (request) => {
      const line = await request.text()
      if (lines.has(line)) return Response.json({})
      lines.add(line)
      await pause(COMMIT_MS)
      void tellWarehouse(line)
      return Response.json({})
    },
  }
}

/** How long the disk takes to say that the line is on it. */
const COMMIT_MS = 5

/** Three tries, each with a timeout: it looks careful. */
async function tellWarehouse(line: string): Promise<void> {
  for (let tries = 0; tries < 3; tries += 1) {
    if (await tell(line)) return
  }
}

/** Asks the warehouse once. True if it packed the line; false says nothing. */
export async function tell(line: string): Promise<boolean> {
  const answer = await fetch('http://warehouse/warehouse/pack', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: line,
    signal: AbortSignal.timeout(300),
  }).catch(() => undefined)
  return answer?.ok === true
}

/** Waits. */
export async function pause(delayMs: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, delayMs)
  })
}

/** The orders that `sixOrders` places. */
export const ORDERS = ['o0', 'o1', 'o2', 'o3', 'o4', 'o5']
const LINES = [1, 2, 3, 4]

/** Six customers who each add four lines, one after the other, and ask until each is accepted. */
export async function sixOrders(world: Load): Promise<void> {
  await Promise.all(
    ORDERS.map(async (orderId) => {
      for (const n of LINES) {
        // oxlint-disable-next-line no-await-in-loop -- a customer adds the next line after the last.
        await world.sleep(`${1 + world.random.integer(400)}ms`)
        // oxlint-disable-next-line no-await-in-loop -- as above.
        await insist(world, 'orders', { path: '/orders/add', body: { orderId, n } })
      }
    }),
  )
}

/** What may be asked of the warehouse in the end. */
export const promises = {
  'no line is lost': async (look: Look) => {
    const lines = (await parcels(look)).map((each) => new Set(each).size)
    assert.deepEqual(
      lines,
      ORDERS.map(() => LINES.length),
    )
  },
  'no line is packed twice': async (look: Look) => {
    for (const each of await parcels(look)) assert.equal(new Set(each).size, each.length)
  },
  'the lines of an order are packed in their order': async (look: Look) => {
    for (const each of await parcels(look)) {
      const first = [...new Set(each)]
      assert.deepEqual(
        first,
        first.toSorted((one, other) => one - other),
      )
    }
  },
}

/** A sentence that is promised. */
export type Promised = keyof typeof promises

/** The lines of each order, as they were packed. */
async function parcels({ sql: read }: Look): Promise<number[][]> {
  const rows = await read('warehouse')`
    select array_agg(n order by place) as lines from packed group by order_id order by order_id`
  return z
    .array(z.object({ lines: z.array(z.int()) }))
    .parse(rows)
    .map(({ lines }) => lines)
}

/** The shop in hostile worlds, asked for one promise, or for all of them. */
export async function shop(
  who: 'declared' | 'by hand',
  options: {
    readonly seeds: number
    readonly faults: readonly FaultKind[]
    readonly asked?: Promised
  },
): Promise<SimulationResult> {
  const { seeds, faults, asked } = options
  const common = {
    seeds,
    faults,
    load: sixOrders,
    settled: asked === undefined ? promises : { [asked]: promises[asked] },
  }
  return who === 'declared'
    ? simulate(declared(), common)
    : simulate(byHand(), { ...common, foreign: { orders: ordersByHand } })
}
