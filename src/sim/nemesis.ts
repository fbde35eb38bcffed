/**
 * The nemesis: kills and freezes processes, cuts links and sets clocks, at moments that the seed chose.
 *
 * Messages have their faults at the network and sessions at the database server; here are those that
 * come from nowhere. The nth attempt is a function of the seed and n, so leaving one out moves no other.
 *
 * Invariants:
 *   M1. A process that was killed is started again, 20 ms to 2 s later, by a supervisor.
 *   M2. A link that was cut mends by itself within 3 s, or when the world heals; one that flaps, within 6 s.
 *   M3. A process that is frozen goes on within 3 s; its clocks went on meanwhile.
 *   M4. A link that is slow is so for 6 s at most; a name leads astray for 3 s at most.
 */
import { assert } from '#errors'
import { chance } from './chance.ts'
import type { FaultKind, Faults } from './fault.ts'
import type { SimulatedNetwork } from './network.ts'
import type { Process } from './process.ts'
import type { Schedule } from './schedule.ts'

/** Mean time between two attempts, in ms, for a kind that strikes at every hundredth occasion. */
const INTERVAL_MS_PER_SHARE = 12

/** The size of a system for which that is the mean time. */
const MORTALS_USUAL = 5
const LINKS_USUAL = 15

const DOWN_MS = { min: 20, max: 2_000 }
const CUT_MS = { min: 50, max: 3_000 }
const PAUSE_MS = { min: 50, max: 3_000 }
const JUMP_MS = { min: 100, max: 30_000 }

const SLOW_MS = { min: 200, max: 6_000 }

/** What a slow link adds to each message, in ms. */
const SLOWER_MS = { min: 50, max: 1_000 }

/** How often a name that leads astray is not known at all. */
const SHARE_OF_UNKNOWN = 0.4

/** A flapping link is cut so often, each time for a part of this time. */
const FLAPS = { count: 12, everyMs: 500 }

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
  /** Those whose clocks may be set: processes and database servers. */
  readonly clocks: readonly { readonly name: string; jump(ms: number): void }[]
}

/** Begins to strike; ends by itself when the faults end. */
export function unleash(field: Field): void {
  if (field.mortals.length > 0) {
    strikeAgain(field, 'crash', 0, killOne)
    strikeAgain(field, 'pause', 0, freezeOne)
  }
  if (field.everybody.length > 1) {
    strikeAgain(field, 'partition', 0, cutOne)
    strikeAgain(field, 'one-way-partition', 0, cutOneWay)
    strikeAgain(field, 'flapping', 0, flapOne)
    strikeAgain(field, 'slow-link', 0, slowOne)
    strikeAgain(field, 'dns-flip', 0, leadOneAstray)
  }
  strikeAgain(field, 'jump', 0, setOneClock)
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
  const downMs = between(DOWN_MS, chance(seed, `down ${where}`, ordinal))
  process.start(faults.lasting(`crash:${where}#${ordinal}`, downMs))
}

function strikeAgain(
  field: Field,
  kind: FaultKind,
  ordinal: number,
  strike: (field: Field, ordinal: number) => void,
): void {
  const { seed, schedule, faults } = field
  const share = faults.share(kind)
  if (share === 0) return
  const meanMs = INTERVAL_MS_PER_SHARE / share / crowd(field, kind)
  const afterUs = -Math.log(1 - chance(seed, `${kind} when`, ordinal)) * meanMs * 1_000
  const run = (): void => {
    if (!faults.isOpen) return
    strike(field, ordinal)
    strikeAgain(field, kind, ordinal + 1, strike)
  }
  schedule.at({ afterUs, label: `nemesis ${kind}`, run })
}

const OF_LINKS: ReadonlySet<FaultKind> = new Set([
  'partition',
  'one-way-partition',
  'flapping',
  'slow-link',
  'dns-flip',
])

/** A small system is struck less often, so that each of its parts is struck about as often. */
function crowd({ mortals, everybody }: Field, kind: FaultKind): number {
  const links = (everybody.length * (everybody.length - 1)) / 2
  return Math.min(1, OF_LINKS.has(kind) ? links / LINKS_USUAL : mortals.length / MORTALS_USUAL)
}

function killOne({ seed, faults, mortals }: Field, ordinal: number): void {
  const process = pick(mortals, chance(seed, 'crash whom', ordinal))
  if (process?.alive === undefined) return
  const name = `crash:${process.name}#${ordinal}`
  if (!faults.strike(name)) return
  process.crash('killed')
  process.start(faults.lasting(name, between(DOWN_MS, chance(seed, 'crash how long', ordinal))))
}

function freezeOne({ seed, faults, mortals }: Field, ordinal: number): void {
  const process = pick(mortals, chance(seed, 'pause whom', ordinal))
  if (process?.alive === undefined) return
  const name = `pause:${process.name}#${ordinal}`
  if (!faults.strike(name)) return
  process.pause(faults.lasting(name, between(PAUSE_MS, chance(seed, 'pause how long', ordinal))))
}

function cutOne(field: Field, ordinal: number): void {
  const [one, other] = pair(field, 'partition', ordinal)
  const name = `partition:${one.name}|${other.name}#${ordinal}`
  if (!field.faults.strike(name)) return
  const forMs = between(CUT_MS, chance(field.seed, 'partition how long', ordinal))
  field.network.links.cut(one.name, other.name, field.faults.lasting(name, forMs))
}

function cutOneWay(field: Field, ordinal: number): void {
  const [from, to] = pair(field, 'one-way-partition', ordinal)
  const name = `one-way-partition:${from.name}>${to.name}#${ordinal}`
  if (!field.faults.strike(name)) return
  const forMs = between(CUT_MS, chance(field.seed, 'one-way-partition how long', ordinal))
  field.network.links.cutOneWay(from.name, to.name, field.faults.lasting(name, forMs))
}

/** Cut and mended many times: connections come up and break before anything is finished. */
function flapOne(field: Field, ordinal: number): void {
  const { seed, schedule, network, faults } = field
  const [{ name: one }, { name: other }] = pair(field, 'flapping', ordinal)
  const name = `flapping:${one}|${other}#${ordinal}`
  if (!faults.strike(name)) return
  for (let count = 0; count < faults.lasting(name, FLAPS.count); count += 1) {
    const share = chance(seed, `flap ${ordinal}`, count)
    const run = (): void => {
      if (faults.isOpen) network.links.cut(one, other, share * FLAPS.everyMs)
    }
    schedule.at({ afterUs: count * FLAPS.everyMs * 1_000, label: `flap ${one}|${other}`, run })
  }
}

function setOneClock({ seed, faults, clocks }: Field, ordinal: number): void {
  const clock = pick(clocks, chance(seed, 'jump whose', ordinal))
  if (clock === undefined) return
  const name = `jump:${clock.name}#${ordinal}`
  if (!faults.strike(name)) return
  const sign = chance(seed, 'jump where', ordinal) < 0.5 ? -1 : 1
  const ms = between(JUMP_MS, chance(seed, 'jump how far', ordinal))
  clock.jump(sign * faults.lasting(name, ms))
}

/** Every message on the link takes much longer than usual: a queue in a router, a backup that runs. */
function slowOne(field: Field, ordinal: number): void {
  const { seed, faults, network } = field
  const [one, other] = pair(field, 'slow-link', ordinal)
  const name = `slow-link:${one.name}|${other.name}#${ordinal}`
  if (!faults.strike(name)) return
  const moreMs = between(SLOWER_MS, chance(seed, 'slow-link how much', ordinal))
  const forMs = between(SLOW_MS, chance(seed, 'slow-link how long', ordinal))
  network.links.slow(one.name, other.name, { moreMs, forMs: faults.lasting(name, forMs) })
}

/** The address moved: for a while the name is not known, or belongs to somebody else. */
function leadOneAstray(field: Field, ordinal: number): void {
  const { seed, faults, network, everybody } = field
  const [from, to] = pair(field, 'dns-flip', ordinal)
  const name = `dns-flip:${from.name}>${to.name}#${ordinal}`
  if (!faults.strike(name)) return
  const others = everybody.filter((each) => each !== to)
  const where = chance(seed, 'dns-flip where', ordinal)
  const astray = where < SHARE_OF_UNKNOWN ? undefined : pick(others, chance(seed, 'whose', ordinal))
  const forMs = between(CUT_MS, chance(seed, 'dns-flip how long', ordinal))
  const flip = { astray: astray ?? 'unknown', forMs: faults.lasting(name, forMs) } as const
  network.links.lead(from.name, to.name, flip)
}

/** Two processes that differ. */
function pair({ seed, everybody }: Field, about: string, ordinal: number): [Process, Process] {
  const one = pick(everybody, chance(seed, `${about} whom`, ordinal))
  const others = everybody.filter((each) => each !== one)
  const other = pick(others, chance(seed, `${about} from whom`, ordinal))
  assert(one !== undefined && other !== undefined, 'there are two processes to part')
  return [one, other]
}

function pick<T>(among: readonly T[], at: number): T | undefined {
  return among[Math.floor(at * among.length)]
}

/** Spread evenly over the orders of magnitude, so that short ones are as common as long ones. */
function between({ min, max }: { readonly min: number; readonly max: number }, at: number): number {
  return min * (max / min) ** at
}
