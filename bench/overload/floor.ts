/**
 * The floor of the overload bench: a server that knows the deadline of each request and refuses what it
 * cannot finish in time, and a client whose retries are paid from a budget. Written by hand.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises'
import { Pool } from 'undici'
import { atOnceOf, compute, computes, DEADLINE_MS, WORK_MS } from './load.ts'

const HEADER = 'deadline-ms'
const RETRIES_MAX = 2
const COINS_MAX = 100
const COINS_PER_RETRY = 10

/** Starts the server and gives its port. */
export async function serveFloor(capacity: number): Promise<number> {
  const line = new Line(capacity)
  const server = createServer((request, response) => {
    if (!line.takes(response, deadlineOf(request))) refuse(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4_096, resolve))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Who waits for the work: only who will be answered in time, and nobody after it is too late. */
class Line {
  readonly #waiting: { readonly response: ServerResponse; readonly untilMs: number }[] = []
  readonly #atOnce: number
  readonly #doWork: () => Promise<void>
  #working = 0

  constructor(capacity: number) {
    this.#atOnce = atOnceOf(capacity)
    // A turn before each computation, in which others arrive.
    this.#doWork = computes(capacity) ? () => turn().then(compute) : () => pause(WORK_MS)
  }

  /** `false` if the answer would come too late. */
  takes(response: ServerResponse, leftMs: number): boolean {
    const waitMs = ((this.#waiting.length + this.#working) * WORK_MS) / this.#atOnce
    if (waitMs + WORK_MS > leftMs) return false
    this.#waiting.push({ response, untilMs: performance.now() + leftMs })
    this.#next()
    return true
  }

  #next(): void {
    while (this.#working < this.#atOnce) {
      const first = this.#waiting.shift()
      if (first === undefined) return
      if (performance.now() + WORK_MS > first.untilMs) refuse(first.response)
      else void this.#work(first.response)
    }
  }

  async #work(response: ServerResponse): Promise<void> {
    this.#working += 1
    await this.#doWork()
    response.end('{"ok":true}')
    this.#working -= 1
    this.#next()
  }
}

function deadlineOf({ headers }: IncomingMessage): number {
  return Number(headers[HEADER] ?? DEADLINE_MS)
}

function refuse(response: ServerResponse): void {
  response.writeHead(503).end()
}

/** The call of that server. */
export function callFloor(port: number, onAttempt: () => void): () => Promise<void> {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 256 })
  let coins = COINS_MAX
  return async () => {
    const endMs = performance.now() + DEADLINE_MS
    coins = Math.min(COINS_MAX, coins + 1)
    for (let retries = 0; ; retries += 1) {
      const leftMs = Math.floor(endMs - performance.now())
      if (leftMs < WORK_MS) throw new Error('too late')
      onAttempt()
      // oxlint-disable-next-line no-await-in-loop -- an attempt follows the one that failed.
      if (await isAnswered(pool, leftMs)) return
      if (retries === RETRIES_MAX || coins < COINS_PER_RETRY) throw new Error('refused')
      coins -= COINS_PER_RETRY
      // oxlint-disable-next-line no-await-in-loop -- as above.
      await pause(Math.random() * 20 * 2 ** retries)
    }
  }
}

async function isAnswered(pool: Pool, leftMs: number): Promise<boolean> {
  const signal = AbortSignal.timeout(leftMs)
  const headers = { [HEADER]: String(leftMs) }
  const response = await pool.request({ method: 'GET', path: '/work', headers, signal })
  await response.body.dump()
  return response.statusCode === 200
}
