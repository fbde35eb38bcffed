/**
 * Real NATS servers for tests: one, or a cluster on loopback, each in a folder that is gone afterwards.
 *
 * The server is Debian's package `nats-server`. Where it is missing, a test that needs it is skipped and
 * says so; under `CI` it fails, so that nothing is skipped where everything must run.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePorts } from './free-ports.ts'

const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin']

/** Where the server is; `undefined` if it is not installed. */
export const natsBinary: string | undefined = FOLDERS.map((each) => join(each, 'nats-server')).find(
  (each) => existsSync(each),
)

/** Options for a test that needs the server: skipped with a reason where it is missing. */
export function needsNats(): { readonly skip?: string } {
  if (natsBinary !== undefined) return {}
  const reason = 'nats-server is not installed: apt-get install nats-server'
  assert.equal(process.env['CI'], undefined, reason)
  return { skip: reason }
}

/** Servers of one cluster, or one alone. */
export class NatsCluster {
  readonly urls: readonly string[]
  readonly #servers: readonly Server[]
  readonly #directory: string

  private constructor(directory: string, servers: readonly Server[]) {
    this.#directory = directory
    this.#servers = servers
    this.urls = servers.map(({ port }) => `nats://127.0.0.1:${port}`)
  }

  /** Starts so many servers; `more` are further options of each. */
  static async start(count: number, more: readonly string[] = ['-js']): Promise<NatsCluster> {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-nats-'))
    const first = await freePorts(2 * count)
    const routes = Array.from(
      { length: count },
      (_, at) => `nats://127.0.0.1:${first + count + at}`,
    )
    const servers = routes.map((route, at) => {
      const own = ['-a', '127.0.0.1', '-p', String(first + at), '-n', `n${at}`, ...more]
      const store = ['-sd', join(directory, `n${at}`)]
      const cluster = ['-cluster_name', 'test', '-cluster', route, '-routes', routes.join(',')]
      return new Server(first + at, [...own, ...store, ...(count > 1 ? cluster : [])])
    })
    const started = new NatsCluster(directory, servers)
    for (const each of servers) each.start()
    await Promise.all(servers.map((each) => each.ready()))
    return started
  }

  /** `n0`, `n1`, … by their names. */
  server(name: string): Server {
    const found = this.#servers[Number(name.slice(1))]
    assert.ok(found, `a server is called ${name}`)
    return found
  }

  get servers(): readonly Server[] {
    return this.#servers
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((each) => each.kill()))
    await rm(this.#directory, { recursive: true, force: true })
  }
}

/** One server, as a process. */
class Server {
  readonly port: number
  readonly #args: readonly string[]
  #process: ChildProcess | undefined
  #output = ''

  constructor(port: number, args: readonly string[]) {
    this.port = port
    this.#args = args
  }

  start(): void {
    assert.ok(natsBinary)
    const child = spawn(natsBinary, this.#args, { stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-8_000)
    })
    this.#process = child
  }

  /** Waits until it takes connections. */
  async ready(): Promise<void> {
    for (let tries = 0; tries < 200; tries += 1) {
      if (this.#output.includes('Server is ready')) return
      await pause(50)
    }
    assert.fail(`a NATS server was not ready within 10 s:\n${this.#output}`)
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    this.#output = ''
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  /** Lets it stand still, as a long pause of the machine does, until the result is called. */
  pause(): () => void {
    const child = this.#process
    child?.kill('SIGSTOP')
    return () => child?.kill('SIGCONT')
  }
}

/** The version of the server that is installed, for people. */
export function natsVersion(): string {
  if (natsBinary === undefined) return 'none'
  return spawnSync(natsBinary, ['--version'], { encoding: 'utf8' }).stdout.trim()
}
