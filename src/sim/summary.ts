/**
 * Many seeds' results as one: put together in the order of the seeds, whoever ran them.
 *
 * Invariants:
 *   Y1. The summary is a function of the results in order: how many processes ran them does not show.
 */
import { hash32 } from './chance.ts'
import { coverageOf, kindOf, type Struck } from './coverage.ts'
import { FAULT_KINDS } from './fault.ts'
import type { SimulateOptions, SimulationResult } from './options.ts'
import type { SeedResult } from './run.ts'

/** Violations after which no further seed is tried: by then there is enough to look at. */
const VIOLATIONS_MAX = 100

/** True if these results, from the first on, hold as many violations as anybody will look at. */
export function isEnough(results: readonly SeedResult[]): boolean {
  return results.reduce((sum, each) => sum + each.violations.length, 0) >= VIOLATIONS_MAX
}

function upToEnough(results: readonly SeedResult[]): readonly SeedResult[] {
  let violations = 0
  const last = results.findIndex((each) => (violations += each.violations.length) >= VIOLATIONS_MAX)
  return last < 0 ? results : results.slice(0, last + 1)
}

/** What came of these seeds, which must be in order. `wallMs` is what it took in all. */
export function summarized(
  each: readonly SeedResult[],
  options: Pick<SimulateOptions, 'faults' | 'sometimes'>,
  wallMs: number,
): SimulationResult {
  const results = upToEnough(each)
  const sum = (of: (result: SeedResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0)
  const faultsFired: Record<string, number> = {}
  for (const name of results.flatMap((result) => result.faultsFired)) {
    const kind = kindOf(name)
    faultsFired[kind] = (faultsFired[kind] ?? 0) + 1
  }
  const trace = results.at(-1)?.trace
  const places = (of: (result: SeedResult) => readonly string[]): readonly string[] => [
    ...new Set(results.flatMap(of)),
  ]
  const reached = new Set(results.flatMap((result) => result.reached))
  return {
    seeds: results.length,
    violations: results.flatMap((result) => result.violations),
    simulatedMs: sum((result) => result.simulatedMs),
    wallMs,
    events: sum((result) => result.events),
    traceHash: together(results.map((result) => result.hash)),
    faultsFired,
    coverage: coverageOf({
      fired: results.flatMap((result) => result.faultsFired),
      edges: places((result) => result.places.edges),
      processes: places((result) => result.places.processes),
      databases: places((result) => result.places.databases),
      operations: places((result) => result.places.operations),
      serviceOf: Object.assign({}, ...results.map((result) => result.places.serviceOf)),
      operationsStruck: results.flatMap((result) => result.operationsStruck),
      allowed: options.faults ?? FAULT_KINDS,
    }),
    unreached: Object.keys(options.sometimes ?? {}).filter((sentence) => !reached.has(sentence)),
    ...(trace === undefined ? {} : { trace }),
  }
}

/** Two summaries as one. `one` came first. */
export function merged(one: SimulationResult, other: SimulationResult): SimulationResult {
  const unreached = new Set(other.unreached)
  return {
    seeds: one.seeds + other.seeds,
    violations: [...one.violations, ...other.violations].slice(0, VIOLATIONS_MAX),
    simulatedMs: one.simulatedMs + other.simulatedMs,
    wallMs: one.wallMs + other.wallMs,
    events: one.events + other.events,
    traceHash: together([one.traceHash, other.traceHash]),
    faultsFired: added(one.faultsFired, other.faultsFired),
    coverage: addedUp([...one.coverage, ...other.coverage]),
    unreached: one.unreached.filter((sentence) => unreached.has(sentence)),
  }
}

function addedUp(rows: readonly Struck[]): readonly Struck[] {
  const byPlace = Map.groupBy(rows, ({ place }) => place)
  return [...byPlace].map(([place, own]) => ({
    place,
    faults: own.map(({ faults }) => faults).reduce(added),
  }))
}

function added(
  one: Readonly<Record<string, number>>,
  other: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return Object.fromEntries([...names].map((each) => [each, (one[each] ?? 0) + (other[each] ?? 0)]))
}

/** One seed's hash is the hash; many are hashed once more. */
function together(hashes: readonly string[]): string {
  const [first = ''] = hashes
  if (hashes.length === 1) return first
  const text = hashes.join()
  return [text, `${text} `].map((each) => hash32(each).toString(16).padStart(8, '0')).join('')
}
