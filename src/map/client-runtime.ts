/**
 * What every generated client shares, as text: one call with its deadline, its attempts and its key.
 *
 * It is text because it runs where nothing of Holdfast is installed; `test/map/client.test.ts` compiles
 * it and lets it talk to a real service.
 *
 * Invariants, of the text:
 *   R1. A call ends within its deadline, all attempts and pauses included.
 *   R2. All attempts of a call carry the same key.
 *   R3. If any attempt may have acted, the call ends `done`, `refused` or `unknown`, never `unsent`.
 *   R4. At most `attemptsMax` attempts, and one where a second could act twice.
 *
 * The numbers are those of the call edge: the first attempt gets 60 % of the time, pauses have full
 * jitter, doubling from 50 ms to 1 s.
 */
export const clientRuntime: string = String.raw`/** How a call ended. */
export type Outcome<Answer, Refusal> =
  | { readonly kind: 'done'; readonly value: Answer }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** It certainly did not happen. */
  | { readonly kind: 'unsent'; readonly failure: Failure; readonly key: string | undefined }
  /** It may have happened. */
  | { readonly kind: 'unknown'; readonly failure: Failure; readonly key: string | undefined }

/** Why there is no answer. */
export interface Failure {
  readonly detail: string
  /** Such as HF_INPUT_INVALID, if the service said one. */
  readonly code: string | undefined
  /** The status of HTTP, if there was an answer at all. */
  readonly status: number | undefined
}

/** Where the service is, and how long and how often it is asked. */
export interface ClientOptions {
  /** Where the service is: 'https://shop.example'. */
  readonly origin: string
  /** The longest that a call may take. @defaultValue 5000 */
  readonly deadlineMs?: number
  /** Attempts of a call in all. @defaultValue 3 */
  readonly attemptsMax?: number
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
}

/** What one call wants otherwise. */
export interface CallOptions {
  /** The longest that this call may take. */
  readonly deadlineMs?: number
  readonly signal?: AbortSignal
}

/** The same for a call whose key its caller chooses. */
export interface KeyedCallOptions extends CallOptions {
  /** Names the intent: the same key, the same effect, the same answer. @defaultValue a fresh one */
  readonly key?: string
}

interface Operation {
  readonly method: string
  readonly path: string
  readonly isRepeatable: boolean
  readonly isKeyed: boolean
}

interface Attempt {
  readonly outcome: Outcome<unknown, unknown>
  /** False where another attempt would be told the same. */
  readonly mayRetry: boolean
  readonly pauseMs: number
}

async function ask<Answer, Refusal>(
  client: ClientOptions,
  operation: Operation,
  input: unknown,
  options: KeyedCallOptions = {},
): Promise<Outcome<Answer, Refusal>> {
  const untilMs = performance.now() + (options.deadlineMs ?? client.deadlineMs ?? 5_000)
  const attemptsMax = operation.isRepeatable ? (client.attemptsMax ?? 3) : 1
  const key = operation.isKeyed ? (options.key ?? crypto.randomUUID()) : undefined
  let last: Outcome<unknown, unknown> = failed('unsent', 'there was no time to ask', key)
  let mayHaveActed = false
  for (let number = 1; number <= attemptsMax; number += 1) {
    const leftMs = untilMs - performance.now()
    if (leftMs < 1 || options.signal?.aborted === true) break
    const limitMs = number < attemptsMax ? leftMs * 0.6 : leftMs
    const { outcome, mayRetry, pauseMs } = await attempt(client, operation, input, {
      key,
      limitMs,
      signal: options.signal,
    })
    last = outcome
    if (outcome.kind === 'unknown') mayHaveActed = true
    if (!mayRetry || number === attemptsMax) break
    const waitMs = Math.max(pauseMs, Math.random() * Math.min(1_000, 50 * 2 ** (number - 1)))
    if (untilMs - performance.now() <= waitMs) break
    await pause(waitMs, options.signal)
  }
  // An attempt that was refused at the door says nothing about the one before it.
  if (last.kind === 'unsent' && mayHaveActed) last = { ...last, kind: 'unknown' }
  // The types of the contract are those of the service; nothing checks them a second time here.
  return last as Outcome<Answer, Refusal>
}

async function attempt(
  client: ClientOptions,
  operation: Operation,
  input: unknown,
  bounds: { readonly key: string | undefined; readonly limitMs: number; readonly signal: AbortSignal | undefined },
): Promise<Attempt> {
  const { key, limitMs, signal } = bounds
  const { path, body } = address(operation, input)
  const stop = new AbortController()
  const leave = (): void => stop.abort()
  const timer = setTimeout(leave, limitMs)
  signal?.addEventListener('abort', leave)
  try {
    const send = client.fetch ?? ((url, init) => fetch(url, init))
    const response = await send(new URL(path, client.origin).href, {
      method: operation.method,
      headers: {
        'holdfast-deadline-ms': String(Math.max(1, Math.floor(limitMs))),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body }),
      signal: stop.signal,
    })
    return read(response, await response.text(), key)
  } catch (error) {
    // Without an answer nobody outside can tell whether the request arrived.
    const detail = stop.signal.aborted ? 'no answer in time' : String(error)
    const outcome = failed('unknown', detail, key)
    return { outcome, mayRetry: signal?.aborted !== true, pauseMs: 0 }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', leave)
  }
}

function address(operation: Operation, input: unknown): { readonly path: string; readonly body: string | undefined } {
  const fields = new Map<string, unknown>(Object.entries(input ?? {}))
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = fields.get(name)
    fields.delete(name)
    return encodeURIComponent(String(value))
  })
  if (operation.method !== 'GET') {
    const isWhole = path === operation.path
    const rest = isWhole ? input : Object.fromEntries(fields)
    return { path, body: rest === undefined || rest === null ? undefined : JSON.stringify(rest) }
  }
  const query = new URLSearchParams()
  for (const [name, value] of fields) {
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined) query.append(name, String(each))
  }
  const text = query.toString()
  return { path: text === '' ? path : path + '?' + text, body: undefined }
}

function read(response: Response, text: string, key: string | undefined): Attempt {
  const { status, headers } = response
  const document = parsed(text)
  const pauseMs = Number(headers.get('retry-after') ?? 0) * 1_000 || 0
  if (response.ok) {
    if (document !== undefined) return { outcome: { kind: 'done', value: document.value }, mayRetry: false, pauseMs }
    return { outcome: failed('unknown', 'the answer is not JSON', key, status), mayRetry: true, pauseMs }
  }
  const problem = new Map<string, unknown>(Object.entries(document?.value ?? {}))
  const refusal = problem.get('refusal')
  if (typeof refusal === 'string')
    return { outcome: { kind: 'refused', refusal: { code: refusal, data: problem.get('data') } }, mayRetry: false, pauseMs }
  const effect = problem.get('effect')
  const isDoor = status === 429 || status === 503 || (status < 500 && status !== 408)
  const kind = effect === 'none' || (effect === undefined && isDoor) ? 'unsent' : 'unknown'
  const detail = String(problem.get('detail') ?? problem.get('title') ?? 'no detail')
  const code = problem.get('code')
  const mayRetry = (status >= 500 || status === 429 || status === 409) && headers.get('holdfast-retry') !== 'never'
  return { outcome: failed(kind, detail, key, status, typeof code === 'string' ? code : undefined), mayRetry, pauseMs }
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: text === '' ? null : JSON.parse(text) }
  } catch {
    return undefined
  }
}

function failed(
  kind: 'unsent' | 'unknown',
  detail: string,
  key: string | undefined,
  status?: number,
  code?: string,
): Outcome<never, never> {
  return { kind, failure: { detail, code, status }, key }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal?.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
`
