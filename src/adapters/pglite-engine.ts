/**
 * An embedded database as something that answers bytes with bytes, in a thread of its own or in ours.
 *
 * Invariants:
 *   E1. Questions are answered one at a time, in the order of asking.
 *   E2. When the thread dies, everything that waits is rejected and `onLost` is called, once.
 */
import { Worker } from 'node:worker_threads'
import { type OpenPglite, openPglite, packTemplate, type Place } from './pglite-open.ts'

/** What a thread is started for. */
export type Task =
  | { readonly task: 'open'; readonly place: Place }
  | { readonly task: 'pack'; readonly target: string }

/** What a thread is asked: protocol, or to end. */
export type Question = Uint8Array<ArrayBuffer> | 'close'

/** What a thread says. The first answer is 'ready' or 'failed'. */
export type Answer =
  | { readonly is: 'ready' }
  | { readonly is: 'answered'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly is: 'closed' }
  | { readonly is: 'failed'; readonly error: string }

/** A running database. */
export interface Engine {
  exchange(bytes: Uint8Array): Promise<Uint8Array>
  /** Called when the database is gone without having been closed. */
  onLost: (error: Error) => void
  /** Shuts the database down in order. */
  close(): Promise<void>
  /** Ends the database at once, as a crash would; what was committed is in its files. */
  kill(): Promise<void>
}

/** Opens a database in a thread of its own. */
export async function openInThread(place: Place): Promise<Engine> {
  return ThreadEngine.start({ task: 'open', place })
}

/** Opens a database in this thread: nothing else runs while it works. For tests. */
export async function openHere(place: Place): Promise<Engine> {
  return new LocalEngine(await openPglite(place))
}

/** Makes the template that new databases start from. */
export async function pack(target: string, thread: 'own' | 'main'): Promise<void> {
  if (thread === 'main') return packTemplate(target)
  const engine = await ThreadEngine.start({ task: 'pack', target })
  await engine.kill()
}

/** The file of the thread: TypeScript in the repository, JavaScript in the published package. */
const THREAD_FILE = new URL(
  `./pglite-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`,
  import.meta.url,
)

interface Waiting {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

class ThreadEngine implements Engine {
  onLost: (error: Error) => void = () => {}
  readonly #worker: Worker
  readonly #waiting: Waiting[] = []
  #lost: Error | undefined

  private constructor(task: Task) {
    // No flags of this process: the thread needs none, and some, such as --test, would mislead it.
    this.#worker = new Worker(THREAD_FILE, { workerData: task, execArgv: [], name: 'pglite' })
    this.#worker.on('message', (answer: Answer) => this.#waiting.shift()?.resolve(answer))
    this.#worker.on('error', (error) => this.#lose(asError(error)))
    this.#worker.on('exit', (code) => this.#lose(new Error(`the database thread ended (${code})`)))
  }

  static async start(task: Task): Promise<ThreadEngine> {
    const engine = new ThreadEngine(task)
    try {
      await engine.#answer()
      return engine
    } catch (error) {
      await engine.kill()
      throw error
    }
  }

  async exchange(bytes: Uint8Array): Promise<Uint8Array> {
    const answer = await this.#ask(new Uint8Array(bytes))
    return answer.is === 'answered' ? answer.bytes : new Uint8Array()
  }

  async close(): Promise<void> {
    await this.#ask('close')
    await this.kill()
  }

  async kill(): Promise<void> {
    this.#lose(new Error('the database thread was ended'))
    await this.#worker.terminate()
  }

  async #ask(question: Question): Promise<Answer> {
    if (this.#lost !== undefined) throw this.#lost
    this.#worker.postMessage(question, question === 'close' ? [] : [question.buffer])
    return this.#answer()
  }

  async #answer(): Promise<Answer> {
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
    })
    if (answer.is === 'failed') throw new Error(answer.error)
    return answer
  }

  #lose(error: Error): void {
    if (this.#lost !== undefined) return
    this.#lost = error
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error)
    this.onLost(error)
  }
}

class LocalEngine implements Engine {
  onLost: (error: Error) => void = () => {}
  readonly #database: OpenPglite

  constructor(database: OpenPglite) {
    this.#database = database
  }

  async exchange(bytes: Uint8Array): Promise<Uint8Array> {
    return (await this.#database.execProtocolRaw(bytes)).slice()
  }

  async close(): Promise<void> {
    await this.#database.close()
  }

  async kill(): Promise<void> {
    await this.#database.close()
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
