/**
 * The same hello, as a Holdfast service that runs: a contract, a database that it owns, a handler.
 *
 * Environment: `DATABASE_URL`; without it the service runs on the embedded database in `HELLO_FOLDER`.
 */
import { connectPglite, connectPostgres, httpNetwork, nodeWorld } from '#adapters'
import { hostService } from '#host'
import { contract, query, type Schema, service, sql, system } from '#model'

/** Takes any value: the peers validate nothing either, and a schema library has its own start-up. */
const anything: Schema<{ hello: string }> = {
  '~standard': {
    version: 1,
    vendor: 'bench',
    validate: (value) => ({ value: value as { hello: string } }), // says only that it is not read
  },
}

const greetings = contract('greetings', {
  hello: query({ input: anything, output: anything, http: { route: 'GET /hello' } }),
})

const greeter = service(greetings, sql({ migrations: new URL('file:///nowhere/') }), {
  handle: {
    hello: async ({ db }) => {
      const { rows } = await db.query<{ hello: string }>('select $1::text as hello', ['world'])
      return rows[0] ?? { hello: 'nobody' }
    },
  },
})

const url = process.env['DATABASE_URL']
const world = nodeWorld(httpNetwork())
const host = hostService({
  service: greeter,
  system: system('bench', { services: [greeter] }),
  world,
  connections:
    url === undefined
      ? await connectPglite({ directory: process.env['HELLO_FOLDER'] ?? '' })
      : connectPostgres({ url }),
  migrations: [],
  resolve: () => '',
  observe: () => {},
})
await host.start()
const { origin } = await world.network.listen({ host: '127.0.0.1', port: 0 }, host.handle)
process.send?.({ port: Number(new URL(origin).port) })
