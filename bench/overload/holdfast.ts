/**
 * The same service in Holdfast: a query over an edge with a deadline and retries, and nothing else that a
 * user would have to write. Its connections are those of a database that takes 10 ms, or it computes.
 */
import { httpNetwork, nodeWorld } from '#adapters'
import { server, standaloneCaller } from '#edge'
import { contract, edge, query, type Rows, type Schema, service, sql, system } from '#model'
import { type Connection, type Connections, openDatabase } from '#state'
import { nodeTimers, sleep } from '#world'
import { atOnceOf, compute, computes, WORK_MS } from './load.ts'

/** Takes any value: what is measured is the overload. */
const anything: Schema<{ ok: boolean }> = {
  '~standard': {
    version: 1,
    vendor: 'bench',
    validate: (value) => ({ value: value as { ok: boolean } }), // says only that it is not read
  },
}

const slow = contract('slow', { work: query({ input: anything, output: anything }) })
const patient = edge(slow, { deadline: '200ms', ops: { work: { retry: 2 } } })

/** Sessions of a service that computes: as many as an ordinary pool has. */
const SESSIONS = 10

/** Starts the server and gives its port. */
export async function serveSlow(capacity: number): Promise<number> {
  const isComputing = computes(capacity)
  const working = service(slow, sql({ migrations: new URL('file:///nowhere/') }), {
    handle: {
      work: async ({ db }) => {
        if (isComputing) compute()
        else await db.query('work')
        return { ok: true }
      },
    },
  })
  const world = nodeWorld(httpNetwork())
  const { handle } = server({
    service: working,
    system: system('bench', { services: [working] }),
    world,
    database: openDatabase(new SlowConnections(isComputing ? SESSIONS : atOnceOf(capacity)), world),
    resolve: () => '',
    observe: () => {},
    wake: () => {},
  })
  const { origin } = await world.network.listen({ host: '127.0.0.1', port: 0 }, handle)
  return Number(new URL(origin).port)
}

/** The call of that server over the edge. */
export function callSlow(
  port: number,
  onAttempts: (attempts: number) => void,
): () => Promise<unknown> {
  const call = standaloneCaller({
    world: nodeWorld(httpNetwork()),
    resolve: () => `http://127.0.0.1:${port}`,
    observe: (fact) => {
      if (fact.fact === 'called') onAttempts(fact.attempts)
    },
    name: 'bench',
  })
  return () => call(patient.work, { ok: true })
}

/** A few connections, each of which takes its time for the statement `work` and for no other. */
class SlowConnections implements Connections {
  readonly exclusive = true
  readonly #waiting: (() => void)[] = []
  #free: number

  constructor(atOnce: number) {
    this.#free = atOnce
  }

  async acquire(waitMsMax: number): Promise<Connection> {
    if (this.#free > 0) this.#free -= 1
    else await this.#turn(waitMsMax)
    return {
      query: async (text) => rows(text),
      script: async () => {},
      release: () => this.#release(),
    }
  }

  async close(): Promise<void> {}

  async #turn(waitMsMax: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const cancel = nodeTimers.after(waitMsMax, () => {
      this.#waiting.splice(this.#waiting.indexOf(mine), 1)
      reject(new Error('no connection in time'))
    })
    const mine = (): void => {
      cancel()
      resolve()
    }
    this.#waiting.push(mine)
    return promise
  }

  #release(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free += 1
    else next()
  }
}

async function rows<Row>(text: string): Promise<Rows<Row>> {
  if (text === 'work') await sleep(nodeTimers, WORK_MS)
  return { rows: [], rowCount: 0 }
}
