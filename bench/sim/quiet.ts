/**
 * A system of three services that call each other and have no SQL in their handlers: what remains is the
 * simulator itself, with both lists of every call. Its world is calm, because a fault would end a call.
 */
import { after, contract, edge, query, type Schema, service, sql, system } from 'holdfast'
import { simulate } from 'holdfast/sim'

/** Three calls for each question: from outside, to the middle, to the back. */
const QUESTIONS = 1_000
const CALLS_PER_QUESTION = 3
const AT_ONCE = 8

const anything: Schema<{ n: number }> = {
  '~standard': {
    version: 1,
    vendor: 'bench',
    validate: (value) => ({ value: value as { n: number } }), // only these handlers write it
  },
}

const ask = query({ input: anything, output: anything })
const front = contract('front', { ask })
const middle = contract('middle', { ask })
const back = contract('back', { ask })

const toMiddle = edge(middle, { deadline: '2s' })
const toBack = edge(back, { deadline: '1s' })
const nowhere = sql({ migrations: new URL('./migrations/', import.meta.url) })

const chain = system('chain', {
  services: [
    service(front, nowhere, {
      uses: [toMiddle],
      handle: {
        ask: after(
          async ({ input, call }) => call(toMiddle.ask, input),
          async ({ asked }) => asked,
        ),
      },
    }),
    service(middle, nowhere, {
      uses: [toBack],
      handle: {
        ask: after(
          async ({ input, call }) => call(toBack.ask, input),
          async ({ asked }) => asked,
        ),
      },
    }),
    service(back, nowhere, { handle: { ask: async ({ input }) => ({ n: input.n + 1 }) } }),
  ],
})

/** What one seed did. */
export interface QuietSeed {
  readonly events: number
  readonly simulatedMs: number
  readonly calls: number
}

/** Runs one seed. */
export async function quietSeed(seed: number): Promise<QuietSeed> {
  const { events, simulatedMs, violations } = await simulate(chain, {
    seeds: [seed],
    faults: [],
    load: async (w) =>
      w.many(AT_ONCE, async () => {
        for (let n = 0; n < QUESTIONS / AT_ONCE; n += 1) {
          // oxlint-disable-next-line no-await-in-loop -- one question after another.
          const answer = await w.client(front).ask({ n })
          if (answer.n !== n + 1) throw new Error(`${n} was answered with ${answer.n}`)
        }
      }),
  })
  const [first] = violations
  if (first !== undefined) throw new Error(`seed ${seed} is violated: ${first.check}`)
  return { events, simulatedMs, calls: QUESTIONS * CALLS_PER_QUESTION }
}
