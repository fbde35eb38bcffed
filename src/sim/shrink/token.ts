/**
 * Repro tokens: a seed, and what is left of its faults, clients and operations, in one word.
 *
 * `hf1.51f3.9a8b7c6d~2.c0-3_7.o12` is seed 0x51f3 with one fault, a quarter as long, of the clients
 * the first four and the eighth, and twelve operations. No shell takes any of it for something else.
 *
 * Invariants:
 *   K1. `readToken(writeToken(part))` is the part, with prints in the place of names.
 */
import { halved, printOf } from '../fault.ts'

/** The part of a seed's world that is run. */
export interface Part {
  readonly faults: readonly string[]
  /** How often the length of a fault was halved, by its name. */
  readonly halvings: Readonly<Record<string, number>>
  /** The clients that are left; `undefined` for all. */
  readonly clients: readonly number[] | undefined
  /** Operations after which the clients leave; `undefined` for none. */
  readonly operations: number | undefined
}

/** What a token says, as options of a simulation. */
export interface Repro {
  readonly seed: number
  readonly onlyFaults: readonly string[]
  /** The same, if they were planned rather than drawn from the seed. */
  readonly plan: readonly string[] | undefined
  readonly onlyClients: readonly number[] | undefined
  readonly operationsMax: number | undefined
}

/** Clients that a scenario has at most, as far as shrinking goes. */
export const CLIENTS_MAX = 64

const PRINT = '[0-9a-f]{8}(?:~\\d)?'
const TOKEN = new RegExp(
  `^hf1(p?)\\.([0-9a-f]{1,9})\\.(${PRINT}(?:-${PRINT})*|none)(?:\\.c([\\d_-]+))?(?:\\.o(\\d{1,9}))?$`,
)

/** Reads a token; `undefined` if it is none. */
export function readToken(token: string): Repro | undefined {
  const match = TOKEN.exec(token)
  const [, planned, seed = '', faults = '', clients, operations] = match ?? []
  if (match === null) return undefined
  const onlyFaults = faults === 'none' ? [] : faults.split('-')
  return {
    seed: Number.parseInt(seed, 16),
    onlyFaults,
    plan: planned === 'p' ? onlyFaults : undefined,
    onlyClients: clients?.split('_').flatMap(inRange),
    operationsMax: operations === undefined ? undefined : Number(operations),
  }
}

/** The token of a part of a seed. */
export function writeToken(
  seed: number,
  { faults, halvings, clients, operations }: Part,
  kind: 'drawn' | 'planned',
): string {
  const prints = faults.map((name) => halved(printOf(name), halvings[name] ?? 0))
  const words = [
    `hf1${kind === 'planned' ? 'p' : ''}`,
    seed.toString(16),
    prints.join('-') || 'none',
    ...(clients === undefined ? [] : [`c${rangesOf(clients)}`]),
    ...(operations === undefined ? [] : [`o${operations}`]),
  ]
  return words.join('.')
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
