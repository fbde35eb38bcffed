/**
 * The least that still fails: a failing seed without the faults and the clients that it does not need.
 *
 * Intuition: a seed decides each fault by its own name, so taking one out moves no other. A run with
 * half of the faults either still fails, and the other half is forgotten, or it does not, and the next
 * part is tried (delta debugging).
 *
 * Invariants:
 *   K1. What is left fails the same check as the whole did.
 *   K2. At most `RUNS_MAX` runs; whoever is not done by then gives what is smallest so far.
 *   K3. Clients are left out only if what remains passes without faults: a check that counts them would
 *       fail for want of them.
 *
 * Source: Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, TSE 2002.
 */
import type { System } from '#model'
import { printOf } from './fault.ts'
import type { SimulateWith, Violation } from './options.ts'
import type { SeedResult } from './run.ts'
import { simulateEach } from './simulate.ts'

/** Runs that shrinking may take. */
const RUNS_MAX = 80

/** Clients that a scenario has at most, as far as shrinking goes. */
const CLIENTS_MAX = 64

/** The least of a failing seed. */
export interface Shrunk {
  readonly seed: number
  readonly faults: readonly string[]
  /** The clients that are left; `undefined` for all. */
  readonly clients: readonly number[] | undefined
  /** How many faults the whole seed had. */
  readonly faultsBefore: number
  readonly runs: number
  readonly token: string
  /** The shrunk run, with its trace. */
  readonly result: SeedResult
}

/** Shrinks a violation that `options` gave. `undefined` if it does not come again. */
export async function shrink(
  system: System,
  options: SimulateWith,
  violation: Violation,
): Promise<Shrunk | undefined> {
  const attempt = new Attempt(system, options, violation)
  if (!(await attempt.fails(violation.faults, undefined))) return undefined
  const faults = await minimal(violation.faults, async (some) => attempt.fails(some, undefined))
  const clients = await fewerClients(attempt, faults)
  const result = attempt.smallest
  if (result === undefined) return undefined
  const { seed } = violation
  const token = tokenOf({ seed, faults, clients, isPlanned: options.plan !== undefined })
  return {
    seed,
    faults,
    clients,
    token,
    result,
    faultsBefore: violation.faults.length,
    runs: attempt.runs,
  }
}

/** What a token says: `hf1.51f3.9a8b7c6d` is a seed and the prints of the faults that are left. */
export interface Repro {
  readonly seed: number
  readonly onlyFaults: readonly string[]
  /** The same, if they were planned rather than drawn from the seed. */
  readonly plan: readonly string[] | undefined
  readonly onlyClients: readonly number[] | undefined
}

/** Reads a token; `undefined` if it is none. */
export function readToken(token: string): Repro | undefined {
  const match =
    /^hf1(p?)\.([0-9a-f]{1,9})\.((?:[0-9a-f]{8})(?:-[0-9a-f]{8})*|none)(?:\.c([\d_-]+))?$/.exec(
      token,
    )
  const [, planned, seed = '', faults = '', clients] = match ?? []
  if (match === null) return undefined
  const onlyFaults = faults === 'none' ? [] : faults.split('-')
  return {
    seed: Number.parseInt(seed, 16),
    onlyFaults,
    plan: planned === 'p' ? onlyFaults : undefined,
    onlyClients: clients?.split('_').flatMap(inRange),
  }
}

function tokenOf({
  seed,
  faults,
  clients,
  isPlanned,
}: Pick<Shrunk, 'seed' | 'faults' | 'clients'> & { readonly isPlanned: boolean }): string {
  const prints = faults.map(printOf).join('-') || 'none'
  return `hf1${isPlanned ? 'p' : ''}.${seed.toString(16)}.${prints}${clients === undefined ? '' : `.c${rangesOf(clients)}`}`
}

/** `0-3_7` for 0, 1, 2, 3 and 7. */
function rangesOf(numbers: readonly number[]): string {
  const isFirst = (number: number): boolean => !numbers.includes(number - 1)
  const ranges = numbers.filter(isFirst).map((from) => {
    let to = from
    while (numbers.includes(to + 1)) to += 1
    return to === from ? String(from) : `${from}-${to}`
  })
  return ranges.join('_')
}

function inRange(range: string): readonly number[] {
  const [from = 0, to = from] = range.split('-').map(Number)
  return Array.from({ length: Math.min(to - from + 1, CLIENTS_MAX) }, (_, index) => from + index)
}

/** Runs of one seed with less and less. */
class Attempt {
  runs = 0
  smallest: SeedResult | undefined
  readonly #system: System
  readonly #options: SimulateWith
  readonly #violation: Violation

  constructor(system: System, options: SimulateWith, violation: Violation) {
    this.#system = system
    this.#options = options
    this.#violation = violation
  }

  /** True if the same check fails with these faults and clients. Remembers the last such run. */
  async fails(
    onlyFaults: readonly string[],
    onlyClients: readonly number[] | undefined,
  ): Promise<boolean> {
    if (this.runs >= RUNS_MAX) return false
    const result = await this.#run(onlyFaults, onlyClients)
    const { kind, check } = this.#violation
    const isSame = result?.violations.some((each) => each.kind === kind && each.check === check)
    if (isSame === true) this.smallest = result
    return isSame === true
  }

  /** True if nothing fails with these clients and no fault at all. */
  async passesWithoutFaults(onlyClients: readonly number[]): Promise<boolean> {
    return (await this.#run([], onlyClients))?.violations.length === 0
  }

  async #run(
    onlyFaults: readonly string[],
    onlyClients: readonly number[] | undefined,
  ): Promise<SeedResult | undefined> {
    this.runs += 1
    const clients = onlyClients === undefined ? {} : { onlyClients }
    const seeds = [this.#violation.seed]
    const options = { ...this.#options, ...clients, onlyFaults, seeds, keepTrace: true }
    return (await simulateEach(this.#system, options))[0]
  }
}

async function fewerClients(
  attempt: Attempt,
  faults: readonly string[],
): Promise<readonly number[] | undefined> {
  const all = Array.from({ length: CLIENTS_MAX }, (_, index) => index)
  const isConcurrent = faults.length === 0
  const fails = async (some: readonly number[]): Promise<boolean> =>
    (isConcurrent ? some.length > 1 : await attempt.passesWithoutFaults(some)) &&
    (await attempt.fails(faults, some))
  if (!(await fails(all))) return undefined
  return minimal(all, fails)
}

/** The part of `items` that fails and of which no tried part does. `items` themselves must fail. */
export async function minimal<Item>(
  items: readonly Item[],
  fails: (some: readonly Item[]) => Promise<boolean>,
): Promise<readonly Item[]> {
  if (items.length === 0 || (await fails([]))) return []
  let left = items
  for (let parts = 2; left.length > 1;) {
    // oxlint-disable-next-line no-await-in-loop -- what is tried next depends on what failed.
    const less = await firstFailing(candidates(left, parts), fails)
    if (less !== undefined) {
      parts = less.length <= Math.ceil(left.length / parts) ? 2 : Math.max(parts - 1, 2)
      left = less
    } else if (parts < left.length) parts = Math.min(left.length, parts * 2)
    else return left
  }
  return left
}

/** The parts of a list, and then the list without each part. */
function candidates<Item>(items: readonly Item[], parts: number): (readonly Item[])[] {
  const size = Math.ceil(items.length / parts)
  const starts = Array.from({ length: Math.ceil(items.length / size) }, (_, part) => part * size)
  const within = starts.map((start) => items.slice(start, start + size))
  const without = starts.map((start) => items.toSpliced(start, size))
  return parts === 2 ? within : [...within, ...without]
}

async function firstFailing<Item>(
  lists: readonly (readonly Item[])[],
  fails: (some: readonly Item[]) => Promise<boolean>,
): Promise<readonly Item[] | undefined> {
  // oxlint-disable-next-line no-await-in-loop -- one after another: the first is enough.
  for (const list of lists) if (await fails(list)) return list
  return undefined
}
