/**
 * The least that still fails: a failing seed without the faults, the clients, the operations and the
 * lengths that it does not need.
 *
 * Intuition: a seed decides each fault by its own name, so taking one out moves no other. A run with
 * half of the faults either still fails, and the other half is forgotten, or it does not, and the next
 * part is tried.
 *
 * Invariants:
 *   K1. What is left fails the same check as the whole did.
 *   K2. At most `RUNS_MAX` runs; and once the faults are few, at most `EVENTS_MAX` events more. Whoever
 *       is not done by then gives what is smallest so far.
 *   K3. Clients and operations are left out only if what remains passes without faults: a check that
 *       counts them would fail for want of them.
 */
import type { System } from '#model'
import { kindOf } from '../coverage.ts'
import { halved } from '../fault.ts'
import { minimal } from './minimal.ts'
import type { SimulateWith, Violation } from '../options.ts'
import type { SeedResult } from '../run.ts'
import { simulateEach } from '../simulate.ts'
import { CLIENTS_MAX, type Part, writeToken } from './token.ts'

/** Runs that shrinking may take. */
const RUNS_MAX = 80

/** Events that the finer steps may take: one or two seconds of CPU time. */
const EVENTS_MAX = 10_000

/** How often a length may be halved, the most ambitious first. */
const HALVINGS: readonly number[] = [6, 3, 1]

/** Kinds of fault that last. */
const LASTING: ReadonlySet<string> = new Set([
  'crash',
  'delay',
  'dns-flip',
  'flapping',
  'jump',
  'one-way-partition',
  'partition',
  'pause',
  'slow-link',
])

/** The least of a failing seed. */
export interface Shrunk extends Part {
  readonly seed: number
  /** How many faults the whole seed had. */
  readonly faultsBefore: number
  readonly runs: number
  readonly token: string
  /** The shrunk run, with its trace. */
  readonly result: SeedResult
  /** The same without its last fault, or its last client, if that passes. */
  readonly passing: SeedResult | undefined
}

/** Of several violations of one check the one with the fewest faults: the cheapest to shrink. */
export function simplest(violations: readonly Violation[]): Violation | undefined {
  const [first] = violations
  return violations
    .filter(({ kind, check }) => kind === first?.kind && check === first.check)
    .toSorted((one, other) => one.faults.length - other.faults.length)[0]
}

/** Shrinks a violation that `options` gave. `undefined` if it does not come again. */
export async function shrink(
  system: System,
  options: SimulateWith,
  violation: Violation,
): Promise<Shrunk | undefined> {
  const attempt = new Attempt(system, options, violation)
  const all = { faults: violation.faults, halvings: {}, clients: undefined, operations: undefined }
  if (!(await attempt.fails(all))) return undefined
  const faults = await minimal(all.faults, async (some) => attempt.fails({ ...all, faults: some }))
  attempt.boundEvents()
  const few = { ...all, faults }
  const fewer = { ...few, clients: await fewerClients(attempt, few) }
  const short = { ...fewer, halvings: await shorter(attempt, fewer) }
  const part = { ...short, operations: await fewerOperations(attempt, short) }
  const result = await attempt.traced(part)
  if (result === undefined) return undefined
  const { seed } = violation
  return {
    ...part,
    seed,
    token: writeToken(seed, part, options.plan === undefined ? 'drawn' : 'planned'),
    result,
    passing: await attempt.passing(part),
    faultsBefore: violation.faults.length,
    runs: attempt.runs,
  }
}

/** Runs of one seed with less and less. */
class Attempt {
  runs = 0
  smallest: SeedResult | undefined
  readonly #system: System
  readonly #options: SimulateWith
  readonly #violation: Violation
  #eventsLeft = Infinity

  constructor(system: System, options: SimulateWith, violation: Violation) {
    this.#system = system
    this.#options = options
    this.#violation = violation
  }

  /** From now on the runs are counted by what they cost. */
  boundEvents(): void {
    this.#eventsLeft = EVENTS_MAX
  }

  /** True if the same check fails with this part. Remembers the last such run. */
  async fails(part: Part): Promise<boolean> {
    const result = await this.#failing(part)
    this.smallest = result ?? this.smallest
    return result !== undefined
  }

  /** The same, if nothing fails with these clients and operations and no fault at all (K3). */
  async failsByFaults(part: Part): Promise<boolean> {
    const result = await this.#failing(part)
    if (result === undefined) return false
    const calm = await this.#run({ ...part, faults: [], halvings: {} })
    if (calm?.violations.length !== 0) return false
    this.smallest = result
    return true
  }

  async #failing(part: Part): Promise<SeedResult | undefined> {
    if (this.runs >= RUNS_MAX || this.#eventsLeft <= 0) return undefined
    const result = await this.#run(part)
    const { kind, check } = this.#violation
    const isSame = result?.violations.some((each) => each.kind === kind && each.check === check)
    return isSame === true ? result : undefined
  }

  /** The nearest run that passes, if one fault or one client less is enough. */
  async passing(part: Part): Promise<SeedResult | undefined> {
    const { faults, clients } = part
    const less =
      faults.length > 0
        ? { ...part, faults: faults.slice(0, -1) }
        : { ...part, clients: clients?.slice(0, -1) }
    if (faults.length === 0 && clients === undefined) return undefined
    const result = await this.traced(less)
    return result?.violations.length === 0 ? result : undefined
  }

  /** The run of a part, with its trace: to write one takes a good part of a run's time. */
  async traced(part: Part): Promise<SeedResult | undefined> {
    return this.#run(part, { keepTrace: true })
  }

  async #run(
    { faults, halvings, clients, operations }: Part,
    kept: Pick<SimulateWith, 'keepTrace'> = {},
  ): Promise<SeedResult | undefined> {
    this.runs += 1
    const options: SimulateWith = {
      ...this.#options,
      ...(clients === undefined ? {} : { onlyClients: clients }),
      ...(operations === undefined ? {} : { operationsMax: operations }),
      onlyFaults: faults.map((name) => halved(name, halvings[name] ?? 0)),
      seeds: [this.#violation.seed],
      ...kept,
    }
    const [result] = await simulateEach(this.#system, options)
    this.#eventsLeft -= result?.events ?? 0
    return result
  }
}

async function fewerClients(attempt: Attempt, part: Part): Promise<Part['clients']> {
  const all = Array.from({ length: CLIENTS_MAX }, (_, index) => index)
  const isConcurrent = part.faults.length === 0
  const fails = async (clients: readonly number[]): Promise<boolean> =>
    isConcurrent
      ? clients.length > 1 && attempt.fails({ ...part, clients })
      : attempt.failsByFaults({ ...part, clients })
  const less = await minimal(all, fails)
  return less.length === all.length ? undefined : less
}

async function shorter(attempt: Attempt, part: Part): Promise<Part['halvings']> {
  let halvings: Part['halvings'] = {}
  for (const name of part.faults.filter((each) => LASTING.has(kindOf(each)))) {
    for (const times of HALVINGS) {
      const tried = { ...halvings, [name]: times }
      // oxlint-disable-next-line no-await-in-loop -- one after another: the first is enough.
      if (!(await attempt.fails({ ...part, halvings: tried }))) continue
      halvings = tried
      break
    }
  }
  return halvings
}

/** Where no fault is needed, K3 cannot be judged, and all operations stay. */
async function fewerOperations(attempt: Attempt, part: Part): Promise<Part['operations']> {
  if (part.faults.length === 0) return undefined
  let [enough, tooFew]: [number | undefined, number] = [undefined, 0]
  let next = Math.floor((attempt.smallest?.operations ?? 0) / 2)
  while (next > tooFew && next !== enough) {
    const less = { ...part, operations: next }
    // oxlint-disable-next-line no-await-in-loop -- what is tried next depends on what failed.
    if (await attempt.failsByFaults(less)) enough = next
    else tooFew = next
    next = Math.floor((tooFew + (enough ?? attempt.smallest?.operations ?? 0)) / 2)
  }
  return enough
}
