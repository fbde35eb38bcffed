/**
 * What may go wrong, how often, and what did.
 *
 * Each seed draws its own weather: which of the allowed faults it has, and how strong they are. A
 * run with every fault at full strength finds less than many runs with a few each, because one fault
 * hides another (swarm testing).
 *
 * Invariants:
 *   F1. Whether a fault fires depends on the seed, on its name and on nothing else; taking one out
 *       with `only` moves no other.
 *   F2. No fault fires before `begin` or after `heal`.
 *
 * Source: Groce et al., Swarm Testing, ISSTA 2012; the two phases are TigerBeetle's.
 */
import { chance } from './chance.ts'

/** Every kind of fault that the simulation knows. */
export const FAULT_KINDS = [
  'loss',
  'lost-answer',
  'duplicate',
  'delay',
  'crash',
  'partition',
  'connection-lost',
] as const

/** A kind of fault: of messages (the first four), of processes, of links, of database sessions. */
export type FaultKind = (typeof FAULT_KINDS)[number]

/** The probability of a fault per occasion (a message, a commit, a statement), in its worst weather. */
const SHARE_MAX: Readonly<Record<FaultKind, number>> = {
  loss: 0.1,
  'lost-answer': 0.1,
  duplicate: 0.1,
  delay: 0.06,
  crash: 0.04,
  partition: 0.04,
  'connection-lost': 0.02,
}

/** How often a seed that may have several kinds of fault has a given one. */
const SHARE_OF_SEEDS = 0.6

/** The faults of one run. */
export class Faults {
  readonly #seed: number
  readonly #only: ReadonlySet<string> | undefined
  readonly #shares: ReadonlyMap<FaultKind, number>
  readonly #fired: string[] = []
  readonly #note: (name: string) => void
  #isOpen = false

  constructor(options: {
    readonly seed: number
    readonly allowed: readonly FaultKind[]
    /** If present, nothing but the faults with these names fires. */
    readonly only: readonly string[] | undefined
    readonly note: (name: string) => void
  }) {
    this.#seed = options.seed
    this.#only = options.only && new Set(options.only)
    this.#shares = draw(options.seed, options.allowed)
    this.#note = options.note
  }

  /** From now on faults fire. */
  begin(): void {
    this.#isOpen = true
  }

  /** From now on none fires any more. */
  heal(): void {
    this.#isOpen = false
  }

  /** True as long as faults fire. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** The names of those that fired, in order: `lost-answer:orders>payments#4`. */
  get fired(): readonly string[] {
    return this.#fired
  }

  /** The probability of this kind per occasion in this seed's weather; 0 if the seed has none. */
  share(kind: FaultKind): number {
    return this.#shares.get(kind) ?? 0
  }

  /** Decides about one occasion, `where#ordinal`; `weight` makes it likelier than others of its kind. */
  fires(kind: FaultKind, where: string, ordinal: number, weight = 1): boolean {
    const share = this.share(kind) * weight
    if (share === 0 || chance(this.#seed, `${kind}:${where}`, ordinal) >= share) return false
    return this.strike(`${kind}:${where}#${ordinal}`)
  }

  /** Lets the named fault happen, unless it is not its time or it was taken out. */
  strike(name: string): boolean {
    if (!this.#isOpen || this.#only?.has(name) === false) return false
    this.#fired.push(name)
    this.#note(name)
    return true
  }
}

/** A seed that may have one kind of fault has it; one that may have several has a part of them. */
function draw(seed: number, allowed: readonly FaultKind[]): ReadonlyMap<FaultKind, number> {
  const isIn = (kind: FaultKind): boolean =>
    allowed.length === 1 || chance(seed, `weather ${kind}`) < SHARE_OF_SEEDS
  const strength = (kind: FaultKind): number => 0.1 + 0.9 * chance(seed, `strength ${kind}`)
  return new Map(
    allowed.filter(isIn).map((kind) => [kind, SHARE_MAX[kind] * strength(kind)] as const),
  )
}
