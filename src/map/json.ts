/**
 * The map as JSON for programs: `docs/reference/map.schema.json` describes every field.
 *
 * Invariants:
 *   J1. Fields are added, never renamed or removed, while `version` stays the same.
 *   J2. JSON has no Infinity: what is unbounded is `null`.
 */
import type { Finding } from './finding.ts'
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
  const { graph, calls, paths, assumed, findings, observation } = map
  return {
    version: 1,
    system: graph.system,
    services: graph.services.map(({ name, isForeign, store }) => ({
      name,
      foreign: isForeign,
      store: store ?? null,
    })),
    stores: graph.stores.map(({ name, owners }) => ({ name, owners })),
    calls: calls.map((each) => callJson(each, observation)),
    events: graph.events.map(({ name, source, target, event, orderedBy }) => ({
      name,
      source,
      target,
      event,
      orderedBy: orderedBy ?? null,
      observed: eventSeen(name, observation),
    })),
    ghosts: ghostsIn(map),
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
  const { count, p50Ms, p99Ms, ended, attemptsMean, attemptsMax } = seen
  return { count, p50Ms, p99Ms, ended, attemptsMean, attemptsMax }
}

function eventSeen(name: string, observation: Observation | undefined): Json {
  const seen = observation?.events.get(name)
  if (seen === undefined) return null
  const { count, p50Ms, p99Ms, attemptsMax, duplicates, dead } = seen
  return { count, p50Ms, p99Ms, attemptsMax, duplicates, dead }
}

function ghostsIn({ graph, observation }: SystemMap): Json {
  const declared = new Set([...graph.calls, ...graph.events].map(({ name }) => name))
  return [...(observation?.calls ?? []), ...(observation?.events ?? [])]
    .map(([name]) => name)
    .filter((name) => !declared.has(name))
}

function pathJson(path: Path): Json {
  const { name, entrance, isEvent, waits, amplification, depth, fanOut, availability } = path
  const { base, product, bounded: atMost, down, way } = amplification
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

function chanceJson({ low, high }: Chance): Json {
  return { low, high }
}

function findingJson({ code, severity, at, way, says, fix }: Finding): Json {
  return { code, severity, at, way, says, fix }
}

function bounded(number: number): number | null {
  return Number.isFinite(number) ? number : null
}
