/**
 * A simulated world: the services of a system, their real SQL, and faults from a seed.
 *
 * Read `run.ts` for the life of one world, `schedule.ts` for its time, `process.ts` for who lives in it,
 * `network.ts` and `database/server.ts` for what lies between them, `fault.ts` and `nemesis.ts` for what
 * goes wrong. `patch` shows user code the simulated world instead of the real one, and notices when that
 * is not enough; `plain` runs programs that do not use Holdfast. What failed is made small in `shrink`,
 * told in `story.ts` and drawn in `drawing`.
 */
export { runAsNobody } from './actor.ts'
export { type Check, type Checks, type Look, type ReadSql } from './checks.ts'
export { type Struck } from './coverage.ts'
export { drawn, type Drawing } from './drawing/drawing.ts'
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
export { observed } from './observed.ts'
export { type PlainService } from './plain/plain.ts'
export { type Kept, type OpenPostgres, type Postgres } from './database/postgres.ts'
export { type SeedResult } from './run.ts'
export { shrink, type Shrunk, simplest } from './shrink/shrink.ts'
export { simulate, simulateEach } from './simulate.ts'
export { type Stalled, stalledAt } from './stalled.ts'
export { pictured, storyOf } from './story.ts'
export { merged, summarized } from './summary.ts'
export { readToken, type Repro } from './shrink/token.ts'
export { type Step } from './trace.ts'
