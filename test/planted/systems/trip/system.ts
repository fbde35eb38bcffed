/**
 * A trip: money is taken, a seat is taken, and if there is none left, the money is given back.
 *
 * A saga by hand, as it is often written: its state is the key under which each step is known.
 */
import { after, command, contract, edge, service, sql, system } from 'holdfast'
import { z } from 'zod'

const Trip = z.object({ id: z.string() })
const rule = { key: (trip: z.infer<typeof Trip>) => trip.id }

export const purse = contract('purse', {
  pay: command({ input: Trip, ...rule }),
  refund: command({ input: Trip, key: ({ id }) => id }),
})

export const seats = contract('seats', {
  take: command({ input: Trip, refuses: { full: z.object({}) }, ...rule }),
})

export const trips = contract('trips', {
  book: command({ input: Trip, output: z.object({ isSeated: z.boolean() }), ...rule }),
})

const CENTS = 100
const SEATS = 3
const database = sql({ migrations: new URL('./migrations/', import.meta.url) })

const purseService = service(purse, database, {
  handle: {
    pay: async ({ tx }) => {
      await tx.query('update purse set cents = cents - $1', [CENTS])
    },
    refund: async ({ tx }) => {
      await tx.query('update purse set cents = cents + $1', [CENTS])
    },
  },
})

const seatsService = service(seats, database, {
  handle: {
    take: async ({ tx, input, refuse }) => {
      await tx.query('lock table seat in exclusive mode')
      const { rows } = await tx.query('select 1 from seat')
      if (rows.length >= SEATS) return refuse.full({})
      await tx.query('insert into seat (id) values ($1)', [input.id])
      return undefined
    },
  },
})

const [toPurse, toSeats] = [edge(purse, { deadline: '2s' }), edge(seats, { deadline: '2s' })]

const tripsService = service(trips, database, {
  uses: [toPurse, toSeats],
  handle: {
    book: after(
      async ({ input, call }) => {
        await call(toPurse.pay, input)
        const seat = await call.outcome(toSeats.take, input)
        if (seat.kind === 'done') return true
        if (seat.kind !== 'refused') throw seat.error
        await call(toPurse.refund, input)
        return false
      },
      async ({ tx, input, asked }) => {
        await tx.query('insert into booked (id, seated) values ($1, $2)', [input.id, asked])
        return { isSeated: asked }
      },
    ),
  },
})

export const travelling = system('travelling', {
  services: [purseService, seatsService, tripsService],
})
