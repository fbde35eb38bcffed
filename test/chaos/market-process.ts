/**
 * The market as a real process, and its payment provider as another: started, killed, looked into.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../../', import.meta.url))
export const marketFolder: string = join(repository, 'examples/market')
const cli = join(repository, 'src/cli/main.ts')

/** Environment of a child: variables to set, or to remove. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Everything that a finished command printed, and how it ended. */
export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command line to its end. Killed after a minute. */
export async function holdfast(
  args: readonly string[],
  environment: Environment = {},
): Promise<Finished> {
  const child = start([cli, ...args], environment)
  const output = { stdout: '', stderr: '' }
  child.stdout?.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()))
  const limit = setTimeout(() => child.kill('SIGKILL'), 60_000)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(limit)
  return { code, ...output }
}

/** Starts a Node program from the sources. */
export function start(args: readonly string[], environment: Environment): ChildProcess {
  return spawn(process.execPath, ['--conditions=holdfast-src', ...args], {
    cwd: repository,
    env: { ...process.env, NO_COLOR: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** A market on its own ports and in its own directory, with a provider that outlives it. */
export class Market {
  readonly origin: string
  readonly environment: Environment
  readonly directory: string
  readonly #providerOrigin: string
  readonly #provider: ChildProcess
  #process: ChildProcess | undefined
  #output = ''

  private constructor(directory: string, port: number, providerPort: number, more: Environment) {
    this.directory = directory
    this.origin = `http://127.0.0.1:${port}`
    this.#providerOrigin = `http://127.0.0.1:${providerPort}`
    this.environment = {
      PORT: String(port),
      HOLDFAST_DIR: directory,
      HOLDFAST_URL_PROVIDER: this.#providerOrigin,
      DATABASE_URL: undefined,
      ...more,
    }
    this.#provider = start([join(marketFolder, 'provider/main.ts')], {
      PORT: String(providerPort),
      PROVIDER_BOOKS: join(directory, 'charges.jsonl'),
    })
  }

  /** `parent`: where its directory is made, the system's temporary folder if nothing is said. */
  static async open(more: Environment = {}, parent: string = tmpdir()): Promise<Market> {
    const directory = await mkdtemp(join(parent, 'holdfast-chaos-'))
    return new Market(directory, await freePorts(5), await freePorts(1), more)
  }

  /** Starts the process without waiting for it. */
  start(): void {
    const child = start([cli, 'dev', marketFolder], this.environment)
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-8_000)
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    this.#process = child
  }

  /** Waits until all services can write. */
  async ready(): Promise<void> {
    for (let tries = 0; tries < 300; tries += 1) {
      const response = await fetch(`${this.origin}/readyz`).catch(() => undefined)
      await response?.body?.cancel()
      if (response?.ok) return
      assert.equal(
        this.#process?.exitCode,
        null,
        `the market ended while starting:\n${this.#output}`,
      )
      await pause(100)
    }
    assert.fail(`the market was not ready within 30 s:\n${this.#output}`)
  }

  /** `kill -9`: the process gets no chance to do anything. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Ctrl-C: drains. The exit code. */
  async stop(): Promise<number | null> {
    return this.#end('SIGTERM')
  }

  /** What the market printed last. */
  output(): string {
    return this.#output
  }

  async get(path: string): Promise<Record<string, unknown>> {
    const response = await fetch(new URL(path, this.origin))
    return (await response.json()) as Record<string, unknown>
  }

  /** The provider's books. */
  async charges(): Promise<readonly Charge[]> {
    const response = await fetch(new URL('/charges', this.#providerOrigin))
    return ((await response.json()) as { readonly charges: readonly Charge[] }).charges
  }

  async close(): Promise<void> {
    if (this.#process?.exitCode === null) await this.#end('SIGKILL')
    this.#provider.kill('SIGKILL')
    await rm(this.directory, { recursive: true, force: true })
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#process
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      return child?.exitCode ?? null
    const closed = once(child, 'exit')
    child.kill(signal)
    await closed
    return child.exitCode
  }
}

/** One line of the provider's books. */
export interface Charge {
  readonly key: string
  readonly orderId: string
  readonly cents: number
  readonly status: 'charged' | 'declined'
  readonly requests: number
}

/** The first of `count` ports in a row that nobody listens on. */
export async function freePorts(count: number): Promise<number> {
  for (let tries = 0; tries < 50; tries += 1) {
    const first = 20_000 + Math.floor(Math.random() * 30_000)
    const ports = Array.from({ length: count }, (_, index) => first + index)
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first
  }
  throw new Error(`no ${count} free ports in a row`)
}

async function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const probe = createServer()
  probe.once('error', () => resolve(false))
  probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  return promise
}
