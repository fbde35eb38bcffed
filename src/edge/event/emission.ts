/**
 * What a handler emitted, until its transaction flushes it to the outbox.
 */
import { durationMs } from '#clock'
import { assert, HoldfastError } from '#errors'
import { type Contract, describeIssues, type EmitOptions } from '#model'
import { currentContext, type Trace } from '#observe'

/** One validated event on its way to the outbox. */
export interface Emission {
  /** Name of the event in its contract. */
  readonly event: string
  /** Ordering key; '' if the event declares none. */
  readonly key: string
  readonly payload: unknown
  /** When it is due; absent: at once. */
  readonly due?: Due | undefined
  /** Of the work that emitted it; where absent, that of whoever writes it down. */
  readonly trace?: Trace | undefined
}

/** A delivery for later: so many ms after it is written down, or at a moment since 1970. */
export type Due = { readonly afterMs: number } | { readonly atMs: number }

/** The `emit` of one handler run, and what it collected. */
export interface Emitter {
  /** `emit.placed(order)`, one function for each event of the contract. */
  readonly emit: Readonly<Record<string, (payload: unknown, options?: EmitOptions) => void>>
  /**
   * Ends the run and gives what was emitted, in order, validated and keyed.
   *
   * @throws HF_EVENT_INVALID (effect none) if a payload breaks its schema.
   */
  collect(): Promise<readonly Emission[]>
}

/** Events that one transaction may emit. More is a batch job that wants its own table. */
const EMISSIONS_MAX = 1_000

/** An emitter for one run of one handler. After `collect`, `emit` is a bug and throws. */
export function emitter(contract: Contract): Emitter {
  const { name: service, operations } = contract['~contract']
  const emitted: {
    readonly name: string
    readonly payload: unknown
    readonly due: Due | undefined
  }[] = []
  let isOpen = true
  const names = Object.keys(operations).filter((name) => operations[name]?.kind === 'event')
  const emit = Object.fromEntries(
    names.map((name) => [
      name,
      (payload: unknown, options?: EmitOptions): void => {
        assert(isOpen, `${service}.${name} is emitted before its handler returns`)
        if (emitted.length >= EMISSIONS_MAX) {
          throw new HoldfastError('HF_EVENT_INVALID', {
            detail: `one transaction emitted more than ${EMISSIONS_MAX} events`,
          })
        }
        emitted.push({ name, payload, due: options && dueOf(options) })
      },
    ]),
  )
  const collect = async (): Promise<readonly Emission[]> => {
    isOpen = false
    const trace = currentContext()?.trace
    return Promise.all(
      emitted.map(async ({ name, payload, due }) => ({
        ...(await validated(contract, name, payload)),
        due,
        trace,
      })),
    )
  }
  return { emit, collect }
}

function dueOf(options: EmitOptions): Due {
  if ('after' in options) return { afterMs: durationMs(options.after) }
  const atMs = options.at.getTime()
  if (Number.isFinite(atMs)) return { atMs }
  throw new HoldfastError('HF_EVENT_INVALID', { detail: '`at` is not a valid moment' })
}

async function validated(contract: Contract, name: string, payload: unknown): Promise<Emission> {
  const { name: service, operations } = contract['~contract']
  const event = operations[name]
  assert(event?.kind === 'event', `${service}.${name} is an event`)
  const verdict = await event.payload['~standard'].validate(payload)
  if (verdict.issues !== undefined) {
    throw new HoldfastError('HF_EVENT_INVALID', {
      detail: `${service}.${name}: ${describeIssues(verdict.issues)}`,
    })
  }
  // The key rule was declared for this schema's output, which this is.
  const key = event.key === undefined ? '' : event.key(verdict.value as never)
  // What was emitted travels, not what the schema made of it: the subscriber's schema reads it again.
  return { event: name, key, payload }
}
