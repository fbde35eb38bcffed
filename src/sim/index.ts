/**
 * A simulated world: the services of a system, their real SQL, and faults from a seed.
 *
 * Read `run.ts` for the life of one world, `schedule.ts` for its time, `process.ts` for who lives in it,
 * `network.ts` and `server.ts` for what lies between them, `fault.ts` and `nemesis.ts` for what goes
 * wrong. `patch.ts` shows user code the simulated world instead of the real one; `escape.ts` notices
 * when that is not enough.
 */
export { type Check, type Checks, type Look, type ReadSql } from './checks.ts'
export { type Struck } from './coverage.ts'
export { drawn, type Drawing } from './drawing.ts'
export { type Everywhere, everywhere } from './everywhere.ts'
export { type FaultKind } from './fault.ts'
export { type ForeignEnvironment, type ForeignProgram } from './foreign.ts'
export {
  type Caller,
  type Client,
  type Load,
  type RawAnswer,
  type RawRequest,
  type Tally,
} from './load.ts'
export {
  type Scenario,
  type SimulateOptions,
  type SimulateWith,
  type SimulationResult,
  type Violation,
  type ViolationKind,
} from './options.ts'
export { type Kept, type OpenPostgres, type Postgres } from './postgres.ts'
export { type SeedResult } from './run.ts'
export { readToken, type Repro, shrink, type Shrunk } from './shrink.ts'
export { simulate, simulateEach } from './simulate.ts'
export { storyOf } from './story.ts'
export { summarized } from './summary.ts'
export { type Step } from './trace.ts'
