/**
 * The honest map: what a declared system does, in numbers, drawn from the values that run.
 *
 * `mapOf(system)` reads the graph (`graph.ts`), works out what the arrows add up to (latency,
 * attempts, amplification, reliability, depth, demand: one file each), and says what is wrong
 * (`lints.ts`, `policy-lints.ts`, `load-lints.ts`). Once it was seen running, `contradictions.ts` and
 * `ghosts.ts` hold the two against each other. The rest says the same in four languages: text, JSON,
 * Mermaid and SVG, which folds what is too large (`fold.ts`). `breachesOf` is the gate.
 *
 * Two versions are held against each other by `differencesOf` (the numbers) and `breaksBetween` (the
 * contracts). What others may rely on leaves in their languages: `openApiOf`, `asyncApiOf`, `clientOf`.
 * And `traceMapOf` draws any system at all from what its traces say, with nothing declared.
 */
export { asyncApiOf } from './asyncapi.ts'
export { attemptsThatFit, type AttemptsThatFit } from './attempts.ts'
export { clientOf } from './client.ts'
export { foreignContractOf, type ForeignContract } from './foreign-contract.ts'
export { breachesOf, type Breach, type Limits } from './gate.ts'
export { inFlight, stabilityMargin } from './capacity.ts'
export { type Break, type BreakKind, breaksBetween } from './compatibility.ts'
export { type Difference, differencesOf } from './diff.ts'
export { breakTable, differenceTable } from './difference-table.ts'
export type { Finding, FindingCode, Severity } from './finding.ts'
export { type Ghost, ghostsIn } from './ghosts.ts'
export {
  graphOf,
  type CallArrow,
  type Cause,
  type Causes,
  type EventArrow,
  type Graph,
  type HandlerNode,
  type ServiceNode,
  type Store,
  type Use,
} from './graph.ts'
export { jsonOf, type Json } from './json.ts'
export { callLatency, type Latency } from './latency.ts'
export { mermaidOf } from './mermaid.ts'
export {
  observationOf,
  Witness,
  type AnyFact,
  type Observation,
  type SeenCalls,
  type SeenEvents,
  type Spread,
} from './observation.ts'
export { observedTable } from './observed-table.ts'
export type { JsonObject } from './json-schema.ts'
export { openApiOf } from './openapi.ts'
export { readOtlp, type Export, type Span } from './otlp.ts'
export type { Path } from './path.ts'
export type { ArrowPolicy } from './policy.ts'
export { reliabilityOf, type Chance, type Part, type Reliability } from './reliability.ts'
export { svgOf, type SvgOptions } from './svg.ts'
export { mapOf, type CallNumbers, type MapOptions, type SystemMap } from './system-map.ts'
export { tailShare } from './tail.ts'
export { findingText, textOf, type Paint, type Tone } from './text.ts'
export { traceSvgOf } from './trace-svg.ts'
export { traceTextOf } from './trace-text.ts'
export { traceMapOf, type SeenArrow, type TraceMap } from './traces.ts'
export { durationText, plural } from './units.ts'
