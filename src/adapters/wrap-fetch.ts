/**
 * The policies of an edge around anything that has the shape of `fetch`.
 *
 * Intuition: HTTP says by its method and its headers what may be sent again. So nothing has to be
 * declared but how long a request may take: the same code asks through this instead of `fetch`.
 *
 * Invariants:
 *   F1. Sent again is only what HTTP calls idempotent (RFC 9110, 9.2.2) or what carries an
 *       `Idempotency-Key`, and only while its body can be sent again: a stream cannot.
 *   F2. An answer is read to its end within the deadline, and up to a limit, or it is a failure.
 *   F3. Who was answered at last gets that answer, whatever its status; who was not gets a HoldfastError.
 *   F4. A connection that was never made counts as not sent only where no redirect can have been
 *       followed before.
 */
import {
  ofOneRequest,
  readRetryAfterMs,
  type Thrown,
  wordOfStatus,
  wrapped,
  type WrapOptions,
} from '#edge'
import { assert, HoldfastError } from '#errors'
import {
  command,
  type Concurrency,
  contract,
  type Criticality,
  edge,
  query,
  unchecked,
  type Attempts,
  type BreakerOption,
} from '#model'
import { nodeClock, nodeRandom, nodeWheel } from '#world'
import type { Duration } from '#clock'

/** Anything that has the shape of `fetch`. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/** What is wanted of each request. Wrap once for each callee: budget, breaker and bulkhead belong to it. */
export interface FetchPolicy extends Partial<WrapOptions> {
  /** The longest that a request may take, all attempts and the body of the answer included. */
  readonly deadline: Duration
  /** Attempts in all, where HTTP allows more than one. @defaultValue 3 */
  readonly retry?: Attempts
  /** @defaultValue true: half of at least 20 results of the last ten seconds */
  readonly breaker?: boolean | BreakerOption
  /** Requests under way at once. @defaultValue 64, and 192 that wait; 16 that wait where you set a limit */
  readonly concurrency?: number | Concurrency
  /** @defaultValue what the caller's own caller claimed, or 'critical' */
  readonly criticality?: Criticality
  /** @defaultValue 8388608: 8 MiB */
  readonly answerBytesMax?: number
}

const ANSWER_BYTES_MAX = 8 * 1_048_576

/** One request, and what it was answered last. */
interface Asked {
  readonly input: string | URL | Request
  readonly init: RequestInit | undefined
  answered: Response | undefined
}

const shape = { input: unchecked<Asked>(), output: unchecked<Response>() }
const operations = {
  ask: query(shape),
  repeat: command({ ...shape, key: 'from-caller' }),
  act: command(shape),
}

/**
 * The same `fetch`, with deadline, retries with a budget, breaker and bulkhead. Answers are read whole,
 * so that it is not for streams without end.
 *
 * @throws HF_DECLARATION_INVALID if the name or the policy is not one.
 * @example
 * const rates = wrapFetch('rates', { deadline: '800ms' })
 * const response = await rates('https://rates.example/eur')
 */
export function wrapFetch(
  name: string,
  policy: FetchPolicy,
  fetch: Fetch = globalThis.fetch,
): Fetch {
  const { deadline, retry = 3, breaker = true, answerBytesMax = ANSWER_BYTES_MAX } = policy
  const { concurrency, criticality, ...rest } = policy
  const common = { breaker }
  const arrow = edge(contract(name, operations), {
    deadline,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(criticality === undefined ? {} : { criticality }),
    ops: { ask: { ...common, retry }, repeat: { ...common, retry }, act: common },
  })
  const run = async (
    asked: Asked,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<Response> => {
    const response = await whole(await sent(fetch, asked, signal), answerBytesMax, signal)
    asked.answered = response
    if (wordOfStatus(response.status) === undefined) return response
    throw new Answered(response)
  }
  const world = { clock: nodeClock, timers: nodeWheel(), random: nodeRandom }
  const functions = { ask: run, repeat: run, act: run }
  const through = wrapped(arrow, functions, { world, meaningOf, ...rest })
  return async (input, init) => {
    const asked: Asked = { input, init, answered: undefined }
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined)
    const outcome = await through[kindOf(asked)].outcome(asked, { signal: signal ?? undefined })
    if (outcome.kind === 'done') return outcome.value
    if (asked.answered !== undefined) return asked.answered
    assert(outcome.kind !== 'refused', 'these operations declare no refusal')
    throw outcome.error
  }
}

/** What HTTP allows to be done with a request. */
function kindOf({ input, init }: Asked): keyof typeof operations {
  const request = input instanceof Request ? input : undefined
  const method = (init?.method ?? request?.method ?? 'GET').toUpperCase()
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return 'ask'
  if (init?.body instanceof ReadableStream) return 'act'
  if (method === 'PUT' || method === 'DELETE') return 'repeat'
  const headers = new Headers(init?.headers ?? request?.headers)
  return headers.has('idempotency-key') ? 'repeat' : 'act'
}

async function sent(fetch: Fetch, asked: Asked, signal: AbortSignal): Promise<Response> {
  const { input, init } = asked
  asked.answered = undefined
  try {
    return await fetch(input instanceof Request ? input.clone() : input, { ...init, signal })
  } catch (cause) {
    const redirect = init?.redirect ?? (input instanceof Request ? input.redirect : 'follow')
    throw new Unanswered(cause, redirect === 'follow')
  }
}

/** The answer with its body, which was read to its end. */
async function whole(response: Response, bytesMax: number, signal: AbortSignal): Promise<Response> {
  const body = response.body === null ? null : await readBody(response.body, bytesMax, signal)
  const { status, statusText, headers } = response
  const read = new Response(body, { status, statusText, headers })
  // A response that a program makes has no address of its own; that of the real one is kept.
  return Object.defineProperty(read, 'url', { value: response.url })
}

async function readBody(
  body: ReadableStream<Uint8Array>,
  bytesMax: number,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = body.getReader()
  // Not every server of this shape ties the body to the signal. What a cancelled stream says is of no use.
  const leave = (): void => void reader.cancel(signal.reason).catch(() => undefined)
  signal.addEventListener('abort', leave, { once: true })
  try {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one piece after another.
      const { done, value } = await reader.read()
      // A body that was given up looks like one that ended: it is no answer.
      signal.throwIfAborted()
      if (done) return Buffer.concat(chunks, length)
      length += value.length
      chunks.push(value)
      if (length > bytesMax) throw tooLong(bytesMax)
    }
  } finally {
    signal.removeEventListener('abort', leave)
    leave()
  }
}

function tooLong(bytesMax: number): HoldfastError {
  const detail = `the answer has more than ${bytesMax} bytes, which is the limit`
  return new HoldfastError('HF_CALL_LOST', { detail })
}

/** An answer that is a failure. */
class Answered extends Error {
  readonly response: Response

  constructor(response: Response) {
    super(`the answer was ${response.status}`)
    this.response = response
  }
}

/** No answer came. */
class Unanswered extends Error {
  readonly mayHaveFollowed: boolean

  constructor(cause: unknown, mayHaveFollowed: boolean) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.mayHaveFollowed = mayHaveFollowed
  }
}

function meaningOf(error: unknown): Thrown | undefined {
  if (error instanceof Unanswered)
    return error.mayHaveFollowed ? { means: 'unknown' } : ofOneRequest(error.cause)
  if (!(error instanceof Answered)) return undefined
  const { status, headers } = error.response
  const retryAfterMs = readRetryAfterMs(headers.get('retry-after') ?? undefined)
  const means = wordOfStatus(status) ?? 'unknown'
  return retryAfterMs === undefined ? { means } : { means, retryAfterMs }
}
