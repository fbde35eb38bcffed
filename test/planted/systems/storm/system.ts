/**
 * A service before a sick one: how much does it ask of it, while half of what it asks fails?
 */
import { after, contract, edge, foreign, query, service, sql, system } from 'holdfast'
import { z } from 'zod'

const look = query({ input: z.object({ n: z.int() }), output: z.object({ n: z.int() }) })

export const front = contract('front', { look })
export const back = contract('back', { look })

const toBack = edge(back, { deadline: '3s', ops: { look: { retry: 3, breaker: false } } })

const frontService = service(
  front,
  sql({ migrations: new URL('./migrations/', import.meta.url) }),
  {
    uses: [toBack],
    handle: {
      look: after(
        async ({ input, call }) => call.outcome(toBack.look, input),
        ({ input }) => input,
      ),
    },
  },
)

export const storming = system('storming', { services: [frontService], foreign: [foreign(back)] })
