/**
 * What a simulation is asked, and what it answers.
 */
import type { Duration } from '#clock'
import type { System } from '#model'
import type { Observe } from '#observe'
import type { Checks } from './checks.ts'
import type { Struck } from './coverage.ts'
import type { FaultKind } from './fault.ts'
import type { ForeignProgram } from './foreign.ts'
import type { Load } from './load.ts'
import type { PlainService } from './plain/plain.ts'
import type { OpenPostgres } from './database/postgres.ts'
import type { Cost } from './processor.ts'

/** What to simulate, how often, and what must be true. */
export interface SimulateOptions {
  /** Which worlds: a number means the seeds 1 to that number. @defaultValue 100 */
  readonly seeds?: number | readonly number[]
  /** Which kinds of fault a seed may have; each seed draws a part of them. @defaultValue all */
  readonly faults?: readonly FaultKind[]
  /**
   * If present, only the faults with these names, or prints of names, fire: a failing seed, less some of
   * its faults.
   */
  readonly onlyFaults?: readonly string[]
  /** If present, exactly the faults with these names fire, whatever the seed says. */
  readonly plan?: readonly string[]
  /** If present, `many` runs only these of its indices: a failing seed, less some of its clients. */
  readonly onlyClients?: readonly number[]
  /** If present, the clients leave after so many operations together. */
  readonly operationsMax?: number
  /** How long the faults last at most; they end before, as soon as the load is done. @defaultValue '60s' */
  readonly duration?: Duration
  /** Programs that play the foreign services of the system, by name. */
  readonly foreign?: Readonly<Record<string, ForeignProgram>>
  /** Programs that do not use Holdfast, by name: each is run as a process of its own. */
  readonly services?: Readonly<Record<string, PlainService>>
  /**
   * How many processes a service has, by name: all on its one database, each mortal by itself.
   *
   * @defaultValue 1
   */
  readonly instances?: Readonly<Record<string, number>>
  /**
   * What the work of a service costs, by name: `{ payments: '2ms' }` for each run of a handler, so that
   * an instance can do 500 a second. Without it work takes no time, and nothing is ever overloaded.
   */
  readonly cpu?: Readonly<Record<string, Cost>>
  /**
   * Packages of which each process gets its own, since they keep state in variables; plain services
   * share all others.
   */
  readonly isolated?: readonly string[]
  /**
   * The same system as it was before: services begin as one version or the other, and those that are
   * older are replaced while the load runs, as in a rolling deploy.
   */
  readonly older?: System
  /** What is asked of the system. The faults begin with it. */
  readonly load: (world: Load) => Promise<unknown> | void
  /** True at every moment, as far as it is committed. */
  readonly always?: Checks
  /** True once the faults are over, the load is done and every event has been delivered. */
  readonly settled?: Checks
  /** Comes true within simulated minutes once the faults are over, though not at once. */
  readonly eventually?: Checks
  /** Should be true at some moment of some seed; what never was is listed in `unreached`. */
  readonly sometimes?: Checks
  /** Hears every fact that a service or the load states, in the order of simulated time. */
  readonly observe?: Observe
  /** Keeps the trace of each violating seed, and of the last one. @defaultValue false */
  readonly keepTrace?: boolean
}

/** What is simulated, without saying in which worlds: what a `*.sim.ts` exports as `scenario`. */
export type Scenario = Omit<
  SimulateOptions,
  'seeds' | 'onlyFaults' | 'onlyClients' | 'operationsMax' | 'plan' | 'observe' | 'keepTrace'
>

/** The same, with the database engine to run the services' SQL on. */
export interface SimulateWith extends SimulateOptions {
  readonly postgres: OpenPostgres
}

/**
 * Why a seed failed. `always`, `eventually`, `settled`: a check; `unsettled`: something is stuck; `uncaught`: an
 * error that nobody caught; `escape`: code reached for the real world; `load`: the load itself threw;
 * `start`: a service did not start in a world without faults.
 */
export type ViolationKind =
  | 'always'
  | 'eventually'
  | 'settled'
  | 'unsettled'
  | 'uncaught'
  | 'escape'
  | 'load'
  | 'start'

/** One thing that is wrong. `seeds: [seed]` with the same options shows it again. */
export interface Violation {
  readonly seed: number
  readonly kind: ViolationKind
  /** The sentence that is not true. */
  readonly check: string
  readonly detail: string
  /** Simulated time since the world began, in ms. */
  readonly atMs: number
  /** The faults that had fired by then. */
  readonly faults: readonly string[]
  /** The faults that were planned, if any were. */
  readonly plan?: readonly string[]
  readonly trace?: readonly string[]
}

/** What came of all seeds. */
export interface SimulationResult {
  readonly seeds: number
  readonly violations: readonly Violation[]
  readonly simulatedMs: number
  readonly wallMs: number
  readonly events: number
  /** Equal for two runs if and only if, but for chance, all their events were equal. */
  readonly traceHash: string
  /** How often each kind of fault fired. */
  readonly faultsFired: Readonly<Record<string, number>>
  /** How often each place was struck by each kind, zeros included. */
  readonly coverage: readonly Struck[]
  /** The sentences of `sometimes` that were true in no seed. */
  readonly unreached: readonly string[]
  /** The last seed's lines, with `keepTrace`. */
  readonly trace?: readonly string[]
}
