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
 *   F2. No fault fires before `begin` or after `heal`; but a clock that is wrong is so all the time.
 *
 * Source: Groce et al., Swarm Testing, ISSTA 2012; the two phases are TigerBeetle's.
 */
import { chance, hash32 } from './chance.ts'

/** Every kind of fault that the simulation knows. */
export const FAULT_KINDS = [
  'loss',
  'lost-answer',
  'duplicate',
  'delay',
  'refused',
  'reset',
  'corrupted-answer',
  'leave',
  'crash',
  'pause',
  'partition',
  'one-way-partition',
  'flapping',
  'slow-link',
  'dns-flip',
  'skew',
  'jump',
  'connection-lost',
  'sql-error',
] as const

/**
 * A kind of fault: of messages (the first eight), of processes (crash, pause), of links (partition,
 * one-way-partition, flapping, slow-link, dns-flip), of clocks (skew, jump), of databases
 * (connection-lost, sql-error).
 */
export type FaultKind = (typeof FAULT_KINDS)[number]

/** The probability of a fault per occasion (a message, a commit, a statement), in its worst weather. */
const SHARE_MAX: Readonly<Record<FaultKind, number>> = {
  loss: 0.1,
  'lost-answer': 0.1,
  duplicate: 0.1,
  delay: 0.06,
  refused: 0.06,
  reset: 0.06,
  'corrupted-answer': 0.06,
  leave: 0.1,
  crash: 0.04,
  pause: 0.03,
  partition: 0.04,
  'one-way-partition': 0.04,
  flapping: 0.02,
  'slow-link': 0.04,
  'dns-flip': 0.04,
  skew: 1,
  jump: 0.02,
  'connection-lost': 0.02,
  'sql-error': 0.02,
}

/** How often a seed that may have several kinds of fault has a given one. */
const SHARE_OF_SEEDS = 0.6

/** Occasions that are kept of one run at most. */
const OCCASIONS_MAX = 10_000

/** The faults of one run. */
export class Faults {
  readonly #seed: number
  /** What is left in, and how often its length is halved. */
  readonly #only: ReadonlyMap<string, number> | undefined
  readonly #plan: ReadonlySet<string> | undefined
  readonly #occasions: string[] = []
  readonly #shares: ReadonlyMap<FaultKind, number>
  readonly #fired: string[] = []
  readonly #note: (name: string) => void
  #isOpen = false

  constructor(options: {
    readonly seed: number
    readonly allowed: readonly FaultKind[]
    /** If present, nothing but the faults with these names fires; `…~3`: an eighth as long. */
    readonly only: readonly string[] | undefined
    /** If present, chance decides nothing: the faults with these names fire, and every occasion is kept. */
    readonly plan?: readonly string[] | undefined
    readonly note: (name: string) => void
  }) {
    this.#seed = options.seed
    this.#only = options.only && new Map(options.only.map(readHalved))
    this.#plan = options.plan && new Set(options.plan)
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

  /** With a plan: every fault that could have fired, by name. */
  get occasions(): readonly string[] {
    return this.#occasions
  }

  /** The probability of this kind per occasion in this seed's weather; 0 if the seed has none. */
  share(kind: FaultKind): number {
    return this.#plan === undefined ? (this.#shares.get(kind) ?? 0) : 0
  }

  /** Decides about one occasion, `where#ordinal`; `weight` makes it likelier than others of its kind. */
  fires(kind: FaultKind, where: string, ordinal: number, weight = 1): boolean {
    if (this.#plan !== undefined) return this.#isPlanned(`${kind}:${where}#${ordinal}`)
    const share = this.share(kind) * weight
    if (share === 0 || chance(this.#seed, `${kind}:${where}`, ordinal) >= share) return false
    return this.strike(`${kind}:${where}#${ordinal}`)
  }

  #isPlanned(name: string): boolean {
    if (this.#isOpen && this.#occasions.length < OCCASIONS_MAX) this.#occasions.push(name)
    return (
      (this.#plan?.has(name) === true || this.#plan?.has(printOf(name)) === true) &&
      this.strike(name)
    )
  }

  /** Decides about something that holds for the whole run, such as a clock that is wrong. */
  lasts(kind: FaultKind, where: string): boolean {
    const name = `${kind}:${where}`
    const share = this.share(kind)
    if (share === 0 || chance(this.#seed, name) >= share || !this.#isKept(name)) return false
    this.#fired.push(name)
    this.#note(name)
    return true
  }

  /** True unless it was taken out; what is left in goes by its name or by its print. */
  #isKept(name: string): boolean {
    const only = this.#only
    return only === undefined || only.has(name) || only.has(printOf(name))
  }

  /** How long the named fault lasts that would last `ms`: as long, unless it was shortened. */
  lasting(name: string, ms: number): number {
    return ms / 2 ** (this.#only?.get(name) ?? this.#only?.get(printOf(name)) ?? 0)
  }

  /** Lets the named fault happen, unless it is not its time or it was taken out. */
  strike(name: string): boolean {
    if (!this.#isOpen || !this.#isKept(name)) return false
    this.#fired.push(name)
    this.#note(name)
    return true
  }
}

/** A fault's name or print, and how often its length is halved: `pause:orders#3~2` is a quarter. */
export function halved(name: string, times: number): string {
  return times === 0 ? name : `${name}~${times}`
}

function readHalved(text: string): readonly [name: string, times: number] {
  const [, name = text, times = '0'] = /^(.*)~(\d)$/.exec(text) ?? []
  return [name, Number(times)]
}

/** A fault's name in eight letters that every shell takes as they are. */
export function printOf(name: string): string {
  return hash32(name).toString(16).padStart(8, '0')
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
