/**
 * A subject in a process of its own: it shares no compiled code, no heap and no event loop with another.
 *
 * The module in the child calls `serve` with the questions that it answers; the parent asks them.
 *
 * Invariants:
 *   C1. A question ends: with an answer, with the child's error, or with its end.
 *   C2. A child outlives neither `end` nor its parent.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Sample } from './bench.ts'

/** A child that answers questions. */
export interface Child {
  readonly pid: number
  ask(question: string, ...numbers: readonly number[]): Promise<Sample>
  end(): Promise<void>
}

/** What a module answers, by the name of the question. */
export type Answers = Readonly<Record<string, (...numbers: number[]) => Promise<Sample>>>

interface Reply {
  readonly sample?: Sample
  readonly error?: string
}

const START_MS_MAX = 60_000

/** Starts `module` with `args`; resolves when it serves. */
export async function startChild(
  module: URL,
  args: readonly string[],
  flags: readonly string[] = [],
): Promise<Child> {
  const child = fork(fileURLToPath(module), args, {
    execArgv: ['--conditions=holdfast-src', '--disable-warning=ExperimentalWarning', ...flags],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  await replyOf(child, AbortSignal.timeout(START_MS_MAX)).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw error
  })
  return {
    pid: child.pid ?? 0,
    async ask(question, ...numbers) {
      child.send({ question, numbers })
      return replyOf(child)
    },
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** The next message of the child. One question is asked at a time, so it is the answer. */
async function replyOf(child: ChildProcess, signal?: AbortSignal): Promise<Sample> {
  const over = new AbortController()
  const { promise, resolve, reject } = Promise.withResolvers<Reply>()
  const onMessage = (message: Reply): void => resolve(message)
  const onExit = (code: number | null): void => reject(ended(code))
  const onLate = (): void => reject(new Error(`the child was not ready in ${START_MS_MAX} ms`))
  child.once('message', onMessage)
  child.once('exit', onExit)
  signal?.addEventListener('abort', onLate, { signal: over.signal })
  try {
    const { sample = {}, error } = await promise
    if (error !== undefined) throw new Error(error)
    return sample
  } finally {
    child.off('message', onMessage)
    child.off('exit', onExit)
    over.abort()
  }
}

function ended(code: number | null): Error {
  const reason = 'it has said why; `npm ci --prefix bench/peers` installs the peers'
  return new Error(`its process ended with ${code ?? 'a signal'}: ${reason}`)
}

/** In the child: answers until the parent goes away. */
export function serve(answers: Answers): void {
  process.on('disconnect', () => process.exit(0))
  process.on('message', (message: { readonly question: string; readonly numbers: number[] }) => {
    const answer = answers[message.question]
    if (answer === undefined) return send({ error: `no answer to '${message.question}'` })
    answer(...message.numbers).then(
      (sample) => send({ sample }),
      (error: unknown) => send({ error: error instanceof Error ? error.message : String(error) }),
    )
  })
  send({})
}

function send(reply: Reply): void {
  process.send?.(reply)
}
