/**
 * The floor: the same call, written by hand on one socket between two processes, without a library.
 *
 * Not bare bytes, but the least that an edge has to do: a deadline in each frame, an asynchronous
 * context around the handler, both sides check what they receive, and the caller has a budget of
 * retries, a breaker, a bound on what is under way and a timer for all deadlines. There is no flow
 * control, no cancellation and no second attempt, and a stranger can fill its memory.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { connect, createServer, type Socket } from 'node:net'

interface Question {
  readonly id: string
  readonly n: number
  readonly items: readonly string[]
  readonly note: string
}

interface Answer {
  readonly ok: boolean
  readonly id: string
  readonly n: number
  readonly count: number
}

const DEADLINE_MS = 5_000
const IN_FLIGHT_MAX = 1_024
const SWEEP_MS = 50

/** Serves the operation on a free port, which it gives. */
export async function serveFramed(): Promise<number> {
  const context = new AsyncLocalStorage<{ readonly untilMs: number }>()
  const handle = async ({ id, n, items }: Question): Promise<Answer> => {
    if ((context.getStore()?.untilMs ?? 0) < performance.now()) throw new Error('late')
    return { ok: true, id, n: n + 1, count: items.length }
  }
  const server = createServer({ noDelay: true }, (socket) => {
    const send = together(socket)
    const answer = async (message: Message): Promise<void> => {
      const untilMs = performance.now() + Number(message['ms'])
      const question = message['question']
      if (!isQuestion(question)) return send({ id: message.id, failure: 'bad question' })
      send({ id: message.id, answer: await context.run({ untilMs }, handle, question) })
    }
    socket.on('error', () => {})
    socket.on(
      'data',
      frames((message) => void answer(message)),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

interface Waiting {
  readonly untilMs: number
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

/** The call of the operation on this port. */
export async function callFramed(port: number, question: Question): Promise<() => Promise<Answer>> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  const waiting = new Map<number, Waiting>()
  const send = together(socket)
  let [last, budget, failures] = [0, 10, 0]
  socket.on(
    'data',
    frames(({ id, answer, failure }) => {
      const found = waiting.get(id)
      waiting.delete(id)
      if (found === undefined) return
      const isGood = failure === undefined && isAnswer(answer)
      failures = isGood ? 0 : failures + 1
      budget = isGood ? Math.min(10, budget + 0.1) : budget
      if (isGood) found.resolve(answer)
      else found.reject(new Error(failure === undefined ? 'bad answer' : 'bad question'))
    }),
  )
  setInterval(() => expire(waiting), SWEEP_MS).unref()
  return () =>
    new Promise((resolve, reject) => {
      if (failures >= 20 || waiting.size >= IN_FLIGHT_MAX) return reject(new Error('refused'))
      last += 1
      waiting.set(last, { untilMs: performance.now() + DEADLINE_MS, resolve, reject })
      send({ id: last, ms: DEADLINE_MS, trace: TRACE, question })
    })
}

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

function expire(waiting: Map<number, Waiting>): void {
  for (const [id, { untilMs, reject }] of waiting) {
    // They lie in the order of their deadlines.
    if (untilMs > performance.now()) return
    waiting.delete(id)
    reject(new Error('late'))
  }
}

type Message = Readonly<Record<string, unknown>> & { readonly id: number }

/** Writes what is sent in one turn of the event loop as one piece. */
function together(socket: Socket): (message: Message) => void {
  let pieces: Buffer[] = []
  const flush = (): void => {
    socket.write(pieces.length === 1 ? (pieces[0] ?? '') : Buffer.concat(pieces))
    pieces = []
  }
  return (message) => {
    const text = JSON.stringify(message)
    const piece = Buffer.allocUnsafe(4 + Buffer.byteLength(text))
    piece.writeUInt32BE(piece.length - 4)
    piece.write(text, 4)
    if (pieces.push(piece) === 1) setImmediate(flush)
  }
}

function frames(take: (message: Message) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0)
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    while (bytes.length - at >= 4) {
      const end = at + 4 + bytes.readUInt32BE(at)
      if (end > bytes.length) break
      // The other side is this very file.
      take(JSON.parse(bytes.toString('utf8', at + 4, end)) as Message)
      at = end
    }
    rest = Buffer.from(bytes.subarray(at))
  }
}

function isQuestion(value: unknown): value is Question {
  if (typeof value !== 'object' || value === null) return false
  const { id, n, items, note }: Partial<Question> = value
  const areTexts = Array.isArray(items) && items.every((each) => typeof each === 'string')
  return typeof id === 'string' && Number.isInteger(n) && areTexts && typeof note === 'string'
}

function isAnswer(value: unknown): value is Answer {
  if (typeof value !== 'object' || value === null) return false
  const { ok, id, n, count }: Partial<Answer> = value
  return ok === true && typeof id === 'string' && Number.isInteger(n) && Number.isInteger(count)
}
