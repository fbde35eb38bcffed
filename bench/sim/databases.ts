/**
 * What the simulator's databases can do: statements, runs of the bank, six services under load, and how
 * long it takes to set one back. The floor of a statement is PGlite itself, asked in the same way.
 */
import { PGlite } from '@electric-sql/pglite'
import { command, contract, event, type Schema, service, sql, system, when } from 'holdfast'
import { simulate, type SimulateOptions } from 'holdfast/sim'
import type { System } from '#model'
import { openPgliteMemory } from '#adapters'
import { scenario as bankScenario } from '../../examples/bank/bank.sim.ts'
import { banking } from '../../examples/bank/system.ts'

const STATEMENTS_PER_CALL = 100
const CALLS = 50
const BANK_SEEDS = 10
const RESTORES = 20

const SERVICES = 6
const REQUESTS_PER_SECOND = 20
const SECONDS = 30

const TABLE = 'create table entry (id int primary key, words text not null)'
const SELECT = 'select words from entry where id = $1'
const db = sql({ migrations: new URL('./tables/', import.meta.url) })

const number: Schema<number> = {
  '~standard': { version: 1, vendor: 'bench', validate: (value) => ({ value: Number(value) }) },
}

/** Opened in the round that warms up, and kept. */
let bare: Promise<PGlite> | undefined
let restorable: ReturnType<typeof openPgliteMemory> | undefined

/** As many statements as in `simulatedStatements`, without a simulator. */
export async function bareStatements(): Promise<{ readonly statements: number }> {
  bare ??= openBare()
  const database = await bare
  for (let n = 0; n < STATEMENTS_PER_CALL * CALLS; n += 1) {
    // oxlint-disable-next-line no-await-in-loop -- a session has one statement at a time.
    await database.query(SELECT, [n])
  }
  return { statements: STATEMENTS_PER_CALL * CALLS }
}

const reader = contract('reader', { read: command({ input: number, key: String }) })
const reading = system('reading', {
  services: [
    service(reader, db, {
      handle: {
        read: async ({ tx, input }) => {
          for (let n = 0; n < STATEMENTS_PER_CALL; n += 1) {
            // oxlint-disable-next-line no-await-in-loop -- as above.
            await tx.query(SELECT, [input + n])
          }
        },
      },
    }),
  ],
})

/** A handler that reads and reads; what the framework itself sends is not counted. */
export async function simulatedStatements(seed: number): Promise<{ readonly statements: number }> {
  await flawless(reading, [seed], {
    faults: [],
    load: async (w) => {
      for (let n = 0; n < CALLS; n += 1) {
        // oxlint-disable-next-line no-await-in-loop -- one call after another.
        await w.client(reader).read(n)
      }
    },
  })
  return { statements: STATEMENTS_PER_CALL * CALLS }
}

/** The bank under all faults. */
export async function bankRuns(seed: number): Promise<{ readonly runs: number }> {
  const seeds = Array.from({ length: BANK_SEEDS }, (_, index) => seed * BANK_SEEDS + index)
  await flawless(banking, seeds, bankScenario)
  return { runs: BANK_SEEDS }
}

const writers = Array.from({ length: SERVICES }, (_, index) =>
  contract(`writer${index}`, {
    write: command({ input: number, key: String }),
    written: event({ payload: number, key: String }),
  }),
)

/** Each writes down what it is asked, and what its neighbour was asked. */
const ring = system('ring', {
  services: writers.flatMap((writer, index) => {
    const neighbour = writers[(index + 1) % SERVICES]
    if (neighbour === undefined) return []
    return service(writer, db, {
      handle: {
        write: async ({ tx, input, emit }) => {
          await tx.query('insert into entry values ($1, $2)', [input, 'asked'])
          emit.written(input)
        },
      },
      when: [
        when(neighbour.written, async ({ tx, event: heard }) => {
          await tx.query('insert into entry values ($1, $2)', [heard, 'heard'])
        }),
      ],
    })
  }),
})

/** Six services with a database each, at a steady load and in a calm world. */
export async function sixServices(seed: number): Promise<{ readonly sixMs: number }> {
  const sixMs = await flawless(ring, [seed], {
    faults: [],
    load: async (w) => {
      const asked: Promise<unknown>[] = []
      for (let n = 0; n < SECONDS * REQUESTS_PER_SECOND; n += 1) {
        const writer = writers[n % SERVICES]
        if (writer !== undefined) asked.push(w.client(writer).write(n))
        // oxlint-disable-next-line no-await-in-loop -- that is the load.
        await w.sleep(`${1_000 / REQUESTS_PER_SECOND}ms`)
      }
      await Promise.all(asked)
    },
  })
  return { sixMs }
}

/** Sets a database back after a write, and says how much CPU each time took. */
export async function restores(): Promise<{ readonly restoreMs: number }> {
  restorable ??= openRestorable()
  const database = await restorable
  const kept = await database.keep([SELECT])
  let spentUs = 0
  for (let n = 0; n < RESTORES; n += 1) {
    database.query('insert into entry values ($1, $2)', [n, 'words'])
    const before = process.cpuUsage()
    // oxlint-disable-next-line no-await-in-loop -- one after the other is what is measured.
    await database.restore(kept)
    const { user, system: inSystem } = process.cpuUsage(before)
    spentUs += user + inSystem
  }
  return { restoreMs: spentUs / RESTORES / 1_000 }
}

async function openBare(): Promise<PGlite> {
  const database = await PGlite.create()
  await database.exec(TABLE)
  return database
}

async function openRestorable(): ReturnType<typeof openPgliteMemory> {
  const database = await openPgliteMemory({ isExact: true, files: undefined })
  database.script(TABLE)
  return database
}

/** Gives the simulated time. A violation ends the bench. */
async function flawless(
  subject: System,
  seeds: readonly number[],
  options: SimulateOptions,
): Promise<number> {
  const { violations, simulatedMs } = await simulate(subject, { ...options, seeds })
  const [first] = violations
  if (first === undefined) return simulatedMs
  throw new Error(`seed ${first.seed} is violated: ${first.check}: ${first.detail}`)
}
