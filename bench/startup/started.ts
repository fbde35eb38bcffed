/**
 * One service in a process of its own, from its start to its first answer.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** How a service is started. */
export interface Program {
  readonly module: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** A service that has given its first answer. */
export interface Started {
  readonly firstAnswerMs: number
  /** Asks for hello, one after the other. */
  ask(times: number): Promise<void>
  /** What the process has used until now. */
  usage(): Promise<{ readonly cpuMs: number; readonly rss: number }>
  end(): Promise<void>
}

const PROBE = fileURLToPath(new URL('./probe.js', import.meta.url))
const START_MS_MAX = 30_000

/** Starts it and waits for its first answer. */
export async function start({ module, args, env }: Program): Promise<Started> {
  const startedMs = performance.now()
  const child = fork(module, args, {
    execArgv: ['--import', PROBE],
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const { port } = await said<{ port: number }>(child)
  const url = `http://127.0.0.1:${port}/hello`
  await hello(url)
  const firstAnswerMs = performance.now() - startedMs
  return {
    firstAnswerMs,
    async ask(times) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other.
      for (let n = 0; n < times; n += 1) await hello(url)
    },
    async usage() {
      const answer = said<{ cpuMs: number; rss: number }>(child)
      child.send('usage')
      return answer
    },
    async end() {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}

async function hello(url: string): Promise<void> {
  const response = await fetch(url)
  const text = await response.text()
  if (!text.includes('"hello":"world"'))
    throw new Error(`${response.status}: ${text.slice(0, 200)}`)
}

/** The next message of the child, or the reason why there is none. */
async function said<T>(child: ChildProcess): Promise<T> {
  const over = new AbortController()
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(START_MS_MAX)])
  const message = once(child, 'message', { signal })
  const exit = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`the service ended with ${String(code)}: it has said why`)
  })
  try {
    const [value]: unknown[] = await Promise.race([message, exit])
    // The programs of this folder and of the peers say this and nothing else.
    return value as T
  } finally {
    over.abort()
    await Promise.allSettled([message, exit])
  }
}
