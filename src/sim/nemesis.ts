/**
 * The nemesis: kills processes and cuts links, at moments that the seed chose.
 *
 * Messages have their faults at the network and sessions at the database server; here are those that
 * come from nowhere. The nth attempt is a function of the seed and n, so leaving one out moves no other.
 *
 * Invariants:
 *   M1. A process that was killed is started again, 20 ms to 2 s later, by a supervisor.
 *   M2. A link that was cut mends by itself within 3 s, or when the world heals.
 */
import { chance } from './chance.ts'
import type { Faults } from './fault.ts'
import type { SimulatedNetwork } from './network.ts'
import type { Process } from './process.ts'
import type { Schedule } from './schedule.ts'

/** Mean time between two attempts, in ms, for a kind that strikes at every hundredth occasion. */
const INTERVAL_MS_PER_SHARE = 12

const DOWN_MS = { min: 20, max: 2_000 }
const CUT_MS = { min: 50, max: 3_000 }

/** How much likelier a crash is at a commit than the share of its kind says: commits are many. */
const COMMIT_WEIGHT = 0.25

/** Whom the nemesis may strike, and with what. */
export interface Field {
  readonly seed: number
  readonly schedule: Schedule
  readonly faults: Faults
  readonly network: SimulatedNetwork
  /** Those that may be killed. */
  readonly mortals: readonly Process[]
  /** Those between which links may be cut. */
  readonly everybody: readonly Process[]
}

/** Begins to strike; ends by itself when the faults end. */
export function unleash(field: Field): void {
  if (field.mortals.length > 0) strikeAgain(field, 'crash', 0, killOne)
  if (field.everybody.length > 1) strikeAgain(field, 'partition', 0, cutOne)
}

/** Kills a process at the very moment of a commit, when its caller knows nothing of it yet. */
export function killAtCommit(
  { seed, faults }: Pick<Field, 'seed' | 'faults'>,
  process: Process,
  ordinal: number,
): void {
  const where = `${process.name} at commit`
  if (process.alive === undefined) return
  if (!faults.fires('crash', where, ordinal, COMMIT_WEIGHT)) return
  process.crash(`killed at commit ${ordinal}`)
  process.start(between(DOWN_MS, chance(seed, `down ${where}`, ordinal)))
}

function strikeAgain(
  field: Field,
  kind: 'crash' | 'partition',
  ordinal: number,
  strike: (field: Field, ordinal: number) => void,
): void {
  const { seed, schedule, faults } = field
  const share = faults.share(kind)
  if (share === 0) return
  const meanMs = INTERVAL_MS_PER_SHARE / share
  const afterUs = -Math.log(1 - chance(seed, `${kind} when`, ordinal)) * meanMs * 1_000
  const run = (): void => {
    if (!faults.isOpen) return
    strike(field, ordinal)
    strikeAgain(field, kind, ordinal + 1, strike)
  }
  schedule.at({ afterUs, label: `nemesis ${kind}`, run })
}

function killOne({ seed, faults, mortals }: Field, ordinal: number): void {
  const process = pick(mortals, chance(seed, 'crash whom', ordinal))
  if (process?.alive === undefined || !faults.strike(`crash:${process.name}#${ordinal}`)) return
  process.crash('killed')
  process.start(between(DOWN_MS, chance(seed, 'crash how long', ordinal)))
}

function cutOne({ seed, faults, network, everybody }: Field, ordinal: number): void {
  const one = pick(everybody, chance(seed, 'partition whom', ordinal))
  const others = everybody.filter((each) => each !== one)
  const other = pick(others, chance(seed, 'partition from whom', ordinal))
  if (one === undefined || other === undefined) return
  if (!faults.strike(`partition:${one.name}|${other.name}#${ordinal}`)) return
  network.cut(one.name, other.name, between(CUT_MS, chance(seed, 'partition how long', ordinal)))
}

function pick<T>(among: readonly T[], at: number): T | undefined {
  return among[Math.floor(at * among.length)]
}

/** Spread evenly over the orders of magnitude, so that short ones are as common as long ones. */
function between({ min, max }: { readonly min: number; readonly max: number }, at: number): number {
  return min * (max / min) ** at
}
