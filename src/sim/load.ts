/**
 * What a test says to the simulated world: the callers outside, and what they ask.
 *
 * The load runs in a process of its own, `client`, which reaches the services over the same faulty
 * network as everybody else and never crashes: it is the memory of what was promised to it.
 */
import { type Duration, durationMs } from '#clock'
import { standaloneCaller } from '#edge'
import { isHoldfastError } from '#errors'
import {
  type AnswerOf,
  type Call,
  type Callable,
  type CallOptions,
  type Contract,
  edge,
  type EdgeOperation,
  type InputTo,
  type Outcome,
  Refused,
} from '#model'
import type { Observe } from '#observe'
import { randomInteger, sleep, withDeadline, type World } from '#world'
import type { Turnstile } from './shrink/turnstile.ts'

/** One operation, as a client calls it. */
export interface Caller<Op> {
  /** @throws Refused, or HoldfastError with its effect. */
  (input: InputTo<Op>, options?: CallOptions): Promise<AnswerOf<Op>>
  /** Never throws for what the world did. */
  outcome(input: InputTo<Op>, options?: CallOptions): Promise<Outcome<Op>>
}

/** The commands and queries of a contract, as a client calls them. */
export type Client<C extends Contract> = {
  readonly [K in keyof Callable<C>]: Caller<Callable<C>[K]>
}

/** A plain HTTP request, without any policy. */
export interface RawRequest {
  /** @defaultValue 'GET' */
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Bytes or text go as they are; anything else goes as JSON. */
  readonly body?: unknown
  /** @defaultValue '10s' */
  readonly deadline?: Duration
}

/** The answer to a plain request. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  json(): unknown
}

/** How many of `many` ended how. */
export interface Tally {
  readonly done: number
  readonly refused: number
  /** Failed, certainly without effect. */
  readonly unsent: number
  /** Failed, perhaps with an effect. */
  readonly unknown: number
}

/** The simulated world, as the load sees it. */
export interface Load {
  /** Typed calls to a service, over an edge with this deadline. @defaultValue '5s' */
  client<C extends Contract>(contract: C, options?: { readonly deadline?: Duration }): Client<C>
  /** One plain request to a service. @throws HF_CALL_NOT_SENT, HF_CALL_LOST */
  request(service: string | { readonly name: string }, request: RawRequest): Promise<RawAnswer>
  /**
   * Runs `work` `count` times, at moments spread over about 20 ms for each. Refusals and failures of
   * the world are counted, anything else is thrown.
   */
  many(count: number, work: (index: number) => Promise<unknown>): Promise<Tally>
  sleep(duration: Duration): Promise<void>
  readonly random: {
    /** A number in [0, 1). */
    float(): number
    /** A whole number in [0, below). */
    integer(below: number): number
    /** One of them. */
    pick<T>(from: readonly [T, ...T[]]): T
  }
}

/** Mean time between the starts of two runs of `many`, in ms. */
const SPREAD_MS = 20

const DEADLINE_DEFAULT = '5s'
const REQUEST_DEADLINE_DEFAULT = '10s'

/** Answers to plain requests over this many bytes are refused. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024

/** The load's view of `world`. */
export function loadIn(options: {
  readonly world: World
  readonly resolve: (target: string) => string | readonly string[]
  readonly observe: Observe
  /** The indices that `many` runs; all if absent. */
  readonly only?: readonly number[] | undefined
  readonly turnstile: Turnstile
}): Load {
  const { world, resolve, observe, turnstile } = options
  const only = options.only && new Set(options.only)
  const call = counted(standaloneCaller({ world, resolve, observe, name: 'client' }), turnstile)
  return {
    client: (contract, { deadline = DEADLINE_DEFAULT } = {}) => clientOf(call, contract, deadline),
    request: async (service, request) => {
      // By the name alone, as a browser would: it leads to any of the instances.
      const origin = `http://${typeof service === 'string' ? service : service.name}`
      return turnstile.pass(() => rawRequest(world, origin, request))
    },
    many: async (count, work) => many({ world, only }, count, work),
    sleep: async (duration) => sleep(world.timers, durationMs(duration)),
    random: {
      float: () => world.random.float(),
      integer: (below) => randomInteger(world.random, below),
      pick: (from) => from[randomInteger(world.random, from.length)] ?? from[0],
    },
  }
}

/** The same calls, each through the turnstile. */
function counted(call: Call, turnstile: Turnstile): Call {
  const through = <Op>(...asked: Parameters<typeof call<Op>>): Promise<AnswerOf<Op>> =>
    turnstile.pass(() => call(...asked))
  const outcome = <Op>(...asked: Parameters<typeof call.outcome<Op>>): Promise<Outcome<Op>> =>
    turnstile.pass(() => call.outcome(...asked))
  return Object.assign(through, { outcome })
}

function clientOf<C extends Contract>(call: Call, contract: C, deadline: Duration): Client<C> {
  const callers = Object.entries<unknown>(edge(contract, { deadline }))
    .filter(([name]) => name !== '~edge')
    // Beside its own description an edge holds one reference for each callable operation.
    .map(([name, reference]) => [name, callerOf(call, reference as EdgeOperation)])
  // Object.fromEntries forgets which name has which operation; the edge kept it.
  return Object.fromEntries(callers) as Client<C>
}

function callerOf<Op>(call: Call, reference: EdgeOperation<Op>): Caller<Op> {
  const caller = async (input: InputTo<Op>, options?: CallOptions): Promise<AnswerOf<Op>> =>
    call(reference, input, options)
  const outcome = async (input: InputTo<Op>, options?: CallOptions): Promise<Outcome<Op>> =>
    call.outcome(reference, input, options)
  return Object.assign(caller, { outcome })
}

async function rawRequest(world: World, origin: string, request: RawRequest): Promise<RawAnswer> {
  const limitMs = durationMs(request.deadline ?? REQUEST_DEADLINE_DEFAULT)
  const late = (): Error => new Error(`no answer within ${limitMs} ms`)
  const timed = withDeadline(world.timers, limitMs, late)
  try {
    const { body, contentType } = encoded(request.body)
    const {
      status,
      headers,
      body: bytes,
    } = await world.network.send(origin, {
      method: request.method ?? 'GET',
      path: request.path,
      headers: { ...contentType, ...request.headers },
      body,
      signal: timed.signal,
      answerBytesMax: ANSWER_BYTES_MAX,
    })
    const text = new TextDecoder().decode(bytes)
    return { status, headers, text, json: () => JSON.parse(text) as unknown }
  } finally {
    timed.release()
  }
}

function encoded(body: unknown): {
  readonly body: Uint8Array | undefined
  readonly contentType: Readonly<Record<string, string>>
} {
  if (body === undefined || body instanceof Uint8Array) return { body, contentType: {} }
  if (typeof body === 'string') return { body: new TextEncoder().encode(body), contentType: {} }
  const contentType = { 'content-type': 'application/json' }
  return { body: new TextEncoder().encode(JSON.stringify(body)), contentType }
}

async function many(
  { world, only }: { readonly world: World; readonly only: ReadonlySet<number> | undefined },
  count: number,
  work: (index: number) => Promise<unknown>,
): Promise<Tally> {
  const tally = { done: 0, refused: 0, unsent: 0, unknown: 0 }
  const one = async (index: number): Promise<void> => {
    // Drawn for those that are left out, too, so that the others begin when they did.
    const afterMs = world.random.float() * count * SPREAD_MS
    if (only?.has(index) === false) return
    await sleep(world.timers, afterMs)
    try {
      await work(index)
      tally.done += 1
    } catch (error) {
      if (error instanceof Refused) tally.refused += 1
      else if (isHoldfastError(error)) tally[error.effect === 'none' ? 'unsent' : 'unknown'] += 1
      else throw error
    }
  }
  await Promise.all(Array.from({ length: count }, async (_, index) => one(index)))
  return tally
}
