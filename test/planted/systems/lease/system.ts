/**
 * Two workers, one lease, and a vault into which only its holder may write.
 *
 * A holder can fall asleep between its last look at the clock and its write, so the lease alone
 * protects nothing: it is the vault that compares the token (Kleppmann, "How to do distributed
 * locking", 2016).
 */
import { after, command, contract, edge, type Service, service, sql, system } from 'holdfast'
import { z } from 'zod'

const database = sql({ migrations: new URL('./migrations/', import.meta.url) })

const turn = z.object({ holder: z.string(), turn: z.int() })
const rule = { key: (input: z.infer<typeof turn>) => `${input.holder}:${input.turn}` }

export const locks = contract('locks', {
  take: command({ input: turn, output: z.object({ token: z.int().nullable() }), ...rule }),
  giveBack: command({ input: z.object({ token: z.int() }), key: ({ token }) => `${token}` }),
})

export const vault = contract('vault', {
  write: command({
    input: z.object({ ...turn.shape, token: z.int() }),
    refuses: { stale: z.object({ newest: z.int() }) },
    ...rule,
  }),
})

const Worked = z.object({ outcome: z.enum(['written', 'stale', 'taken']) })

/** One turn of work, under the lease. */
const worker = { work: command({ input: turn, output: Worked, ...rule }) }

export const one = contract('one', worker)
export const two = contract('two', worker)

const locksService = service(locks, database, {
  handle: {
    take: async ({ tx }) => {
      const { rows } = await tx.query<{ token: number }>(
        `insert into lease values ('vault', 1, clock_timestamp() + interval '300 ms')
         on conflict (name) do update
           set token = lease.token + 1, expires_at = clock_timestamp() + interval '300 ms'
           where lease.expires_at < clock_timestamp()
         returning token`,
      )
      return { token: rows[0]?.token ?? null }
    },
    giveBack: async ({ tx, input }) => {
      await tx.query(`update lease set expires_at = '-infinity' where token = $1`, [input.token])
    },
  },
})

const vaultService = service(vault, database, {
  handle: {
    write: async ({ tx, input, refuse }) => {
      const { token, holder } = input
      const { rowCount } = await tx.query('update vault set token = $1 where token <= $1', [token])
      if (rowCount === 0) return refuse.stale({ newest: token })
      await tx.query('insert into written (token, holder) values ($1, $2)', [token, holder])
      return undefined
    },
  },
})

const [toLocks, toVault] = [edge(locks, { deadline: '2s' }), edge(vault, { deadline: '2s' })]

function workerService(own: typeof one): Service {
  return service(own, database, {
    uses: [toLocks, toVault],
    handle: {
      work: after(
        async ({ input, call }) => {
          const { token } = await call(toLocks.take, input)
          if (token === null) return 'taken' as const
          const outcome = await call.outcome(toVault.write, { ...input, token })
          if (outcome.kind === 'refused') return 'stale' as const
          if (outcome.kind !== 'done') throw outcome.error
          await call(toLocks.giveBack, { token })
          return 'written' as const
        },
        ({ asked }) => ({ outcome: asked }),
      ),
    },
  })
}

export const leasing = system('leasing', {
  services: [locksService, vaultService, workerService(one), workerService(two)],
})
