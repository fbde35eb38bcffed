/**
 * Lints of load: permits, processes and capacities that do not fit what arrives.
 *
 * Where nobody says how much arrives, only the sum of the permits can be judged.
 *
 * Source: Little's law for what is in the air; Bronson et al., "Metastable Failures in Distributed
 * Systems" (2021), for the load that keeps a service down after its cause is gone.
 */
import type { Finding } from './finding.ts'
import { INSIDE_MAX } from './policy.ts'
import type { Demand } from './demand.ts'
import type { CallNumbers, Numbers } from './system-map.ts'
import { countText, plural } from './units.ts'

/** Processes of a service. */
export type Instances = (service: string) => number

/** A callee sees the permits of all its callers at once only if all of them are in trouble. */
const CROWD_SHARE = 1.5

/** Calls of one request from which the slow one is met by one request in ten. */
const WIDE_SHARE = 0.1

/** What the load says against the declaration. */
export function loadLints(numbers: Numbers, instances: Instances): readonly Finding[] {
  return [
    ...numbers.calls.flatMap((each) => tight(each, instances)),
    ...crowded(numbers, instances),
    ...numbers.demands.flatMap(vulnerable),
    ...wide(numbers),
  ]
}

/** Little's law against the bulkhead of the edge. */
function tight({ arrow, inFlight }: CallNumbers, instances: Instances): Finding[] {
  const permits = arrow.resolved.edge.bulkhead.inFlightMax * instances(arrow.source)
  if (inFlight === undefined || inFlight <= permits) return []
  return [
    {
      code: 'bulkhead-too-small',
      severity: 'warning',
      at: arrow.name,
      way: [],
      says: `at that rate ${countText(inFlight)} calls may be in the air at worst, and the edge allows ${permits} to all processes of ${arrow.source}`,
      fix: 'Raise `concurrency`, lower the deadline, or run more processes; what does not fit is refused.',
    },
  ]
}

/** Callers that together may send more than the callee takes in. */
function crowded({ graph }: Numbers, instances: Instances): Finding[] {
  const edges = new Map(graph.calls.map((each) => [`${each.source}>${each.target}`, each]))
  const ours = new Set(graph.services.filter((each) => !each.isForeign).map(({ name }) => name))
  const byTarget = Map.groupBy(edges.values(), ({ target }) => target)
  return [...byTarget].flatMap(([target, callers]) => {
    const permits = callers.reduce(
      (sum, { source, resolved }) => sum + resolved.edge.bulkhead.inFlightMax * instances(source),
      0,
    )
    const room = INSIDE_MAX * instances(target)
    if (!ours.has(target) || permits <= room * CROWD_SHARE) return []
    return [
      {
        code: 'callee-must-shed',
        severity: 'note',
        at: target,
        way: callers.map(({ source }) => source),
        says: `${plural(callers.length, 'caller')} may have ${permits} requests at ${target} at once, and it takes in ${room}: the rest is refused`,
        fix: 'Lower the `concurrency` of the callers, run more processes of it, or leave it: refusing is what protects it.',
      },
    ]
  })
}

function vulnerable({ service, worstPerSecond, capacityPerSecond, margin }: Demand): Finding[] {
  if (margin === undefined || capacityPerSecond === undefined || margin >= 1) return []
  return [
    {
      code: 'vulnerable',
      severity: 'warning',
      at: service,
      way: [],
      says: `up to ${countText(worstPerSecond)} requests a second may come to ${service}, retries included, and it answers ${countText(capacityPerSecond)}: only its admission keeps it up when something fails`,
      fix: 'Give it more capacity, or let fewer layers above it retry.',
    },
  ]
}

function wide({ paths }: Numbers): Finding[] {
  return paths
    .filter(({ fanOut }) => Number.isFinite(fanOut.calls) && fanOut.tailShare >= WIDE_SHARE)
    .map(({ name, fanOut }) => ({
      code: 'wide-fan-out',
      severity: 'note',
      at: name,
      way: [],
      says: `one request makes ${countText(fanOut.calls)} calls, so the slowest 1 % of each is met by ${countText(100 * fanOut.tailShare)} % of requests`,
      fix: 'Ask for many things in one call, keep a copy fed by events, or declare a hedge on the slowest.',
    }))
}
