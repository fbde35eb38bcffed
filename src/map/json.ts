/**
 * The map as JSON for programs: `docs/reference/map.schema.json` describes every field.
 *
 * Invariants:
 *   J1. Fields are added, never renamed or removed, while `version` stays the same.
 *   J2. JSON has no Infinity: what is unbounded is `null`.
 */
import type { Demand } from './demand.ts'
import type { Finding } from './finding.ts'
import { ghostsIn } from './ghosts.ts'
import type { Observation } from './observation.ts'
import type { Path } from './path.ts'
import type { Chance } from './reliability.ts'
import type { CallNumbers, SystemMap } from './system-map.ts'

/** A JSON value. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json }

/** The map as a JSON value. */
export function jsonOf(map: SystemMap): Json {
  const { graph, calls, paths, demands, assumed, findings, observation, broker } = map
  return {
    version: 1,
    system: graph.system,
    services: graph.services.map(({ name, isForeign, team, store }) => ({
      name,
      foreign: isForeign,
      team: team ?? null,
      store: store ?? null,
    })),
    stores: graph.stores.map(({ name, owners }) => ({ name, owners })),
    calls: calls.map((each) => callJson(each, observation)),
    broker: { ...broker },
    events: graph.events.map(({ name, source, target, event, orderedBy, acknowledged }) => ({
      name,
      source,
      target,
      event,
      orderedBy: orderedBy ?? null,
      acknowledged: broker.acknowledged === 'end-to-end' ? 'end-to-end' : acknowledged,
      observed: eventSeen(name, observation),
    })),
    ghosts: ghostsIn(graph, observation).map(({ name }) => name),
    demands: demands.map(demandJson),
    paths: paths.map(pathJson),
    findings: findings.map(findingJson),
    assumed: {
      availabilityDefault: assumed.availabilityDefault,
      availability: assumed.availability,
      ratePerSecond: assumed.ratePerSecond ?? null,
    },
  }
}

function callJson(
  { arrow, fit, inFlight, enforcedMs, unenforcedMs }: CallNumbers,
  observation: Observation | undefined,
): Json {
  const { name, source, target, operation, kind, isRepeatable, policy } = arrow
  return {
    name,
    source,
    target,
    operation,
    kind,
    repeatable: isRepeatable,
    policy: {
      deadlineMs: policy.deadlineMs,
      attemptsMax: policy.attemptsMax,
      fallback: policy.hasFallback,
      budgetRatio: policy.budgetRatio ?? null,
      stamped: policy.isStamped,
    },
    attemptsThatFit: { slow: fit.slow, fast: fit.fast },
    worstMs: { enforced: bounded(enforcedMs), unenforced: bounded(unenforcedMs) },
    inFlight: inFlight === undefined ? null : bounded(inFlight),
    observed: callSeen(name, observation),
  }
}

function callSeen(name: string, observation: Observation | undefined): Json {
  const seen = observation?.calls.get(name)
  if (seen === undefined) return null
  const { count, p50Ms, p99Ms, worstMs, ended, attemptsMean, attemptsMax } = seen
  return { count, p50Ms, p99Ms, worstMs, ended, attemptsMean, attemptsMax }
}

function eventSeen(name: string, observation: Observation | undefined): Json {
  const seen = observation?.events.get(name)
  if (seen === undefined) return null
  const { count, p50Ms, p99Ms, worstMs, attemptsMax, duplicates, dead } = seen
  return { count, p50Ms, p99Ms, worstMs, attemptsMax, duplicates, dead }
}

function pathJson(path: Path): Json {
  const { name, entrance, isEvent, waits, amplification, depth, fanOut, availability } = path
  const { base, product, bounded: atMost, down, way, deliveries } = amplification
  return {
    name,
    entrance,
    event: isEvent,
    waitsMs: {
      enforced: bounded(waits.enforcedMs),
      unenforced: bounded(waits.unenforcedMs),
      way: waits.way,
    },
    amplification: {
      base: bounded(base),
      product: bounded(product),
      bounded: bounded(atMost),
      down: bounded(down),
      deliveries,
      way,
    },
    depth: { calls: bounded(depth.calls), way: depth.way },
    fanOut: { calls: bounded(fanOut.calls), tailShare: fanOut.tailShare },
    availability: {
      withFallbacks: chanceJson(availability.withFallbacks),
      withoutFallbacks: chanceJson(availability.withoutFallbacks),
      needs: availability.needs,
    },
    behind: path.behind,
  }
}

function demandJson(demand: Demand): Json {
  const { service, ratePerSecond, worstPerSecond, capacityPerSecond, margin } = demand
  return {
    service,
    ratePerSecond: bounded(ratePerSecond),
    worstPerSecond: bounded(worstPerSecond),
    capacityPerSecond: capacityPerSecond ?? null,
    margin: margin === undefined ? null : bounded(margin),
  }
}

function chanceJson({ low, high }: Chance): Json {
  return { low, high }
}

function findingJson({ code, severity, at, way, says, fix }: Finding): Json {
  return { code, severity, at, way, says, fix }
}

function bounded(number: number): number | null {
  return Number.isFinite(number) ? number : null
}
