/**
 * Lints of one policy: numbers of one edge that contradict each other, or those of their neighbours.
 *
 * What the compiler, `edge()` or the machines of `policy` make impossible needs no lint; which of the
 * usual mistakes those are stands in docs/reference/findings.md.
 *
 * Source: the start-up checks of .NET's standard resilience handler (a window of at least two
 * attempts, hedges within the deadline); DAGOR for the importance that must not rise on the way.
 */
import type { Finding } from './finding.ts'
import type { CallArrow, HandlerNode } from './graph.ts'
import type { WorkMs } from './latency.ts'
import { BREAKER_WINDOW_MS, FIRST_SHARE } from './policy.ts'
import type { CallNumbers, Numbers } from './system-map.ts'
import { durationText } from './units.ts'

/** What the policies of single edges say against themselves. */
export function policyLints({ graph, calls }: Numbers, workMs: WorkMs): readonly Finding[] {
  return [
    ...calls.flatMap((each) => [...blind(each), ...lateHedge(each), ...tooShort(each, workMs)]),
    ...inversions(graph.handlers, graph.calls),
  ]
}

/** How long the first attempt may take. */
function attemptMs({ policy: { deadlineMs, attemptsMax } }: CallArrow): number {
  return attemptsMax > 1 ? deadlineMs * FIRST_SHARE : deadlineMs
}

/** A breaker that hears of a failure when half of its window is over has hardly begun to count. */
function blind({ arrow }: CallNumbers): Finding[] {
  const longMs = attemptMs(arrow)
  if (arrow.resolved.breaker === undefined || 2 * longMs <= BREAKER_WINDOW_MS) return []
  return [
    {
      code: 'breaker-blind',
      severity: 'note',
      at: arrow.name,
      way: [],
      says: `an attempt may take ${durationText(longMs)}, and its breaker looks back ${durationText(BREAKER_WINDOW_MS)}: it hears of a silent callee late`,
      fix: 'Lower the deadline below half of the window, or declare `breaker: false`.',
    },
  ]
}

function lateHedge({ arrow }: CallNumbers): Finding[] {
  const delayMs = arrow.resolved.hedge?.delayMs
  if (delayMs === undefined || delayMs < attemptMs(arrow)) return []
  return [
    {
      code: 'hedge-too-late',
      severity: 'warning',
      at: arrow.name,
      way: [],
      says: `the second question would be asked after ${durationText(delayMs)}, and the first is given up after ${durationText(attemptMs(arrow))}: there is never a hedge`,
      fix: 'Shorten `hedge`, or let `hedge: true` follow what was measured.',
    },
  ]
}

/** Where the work of the callee is known to outlast an attempt, every call is a retry. */
function tooShort({ arrow }: CallNumbers, workMs: WorkMs): Finding[] {
  const callee = `${arrow.target}.${arrow.operation}`
  const takesMs = workMs(callee)
  if (takesMs === undefined || takesMs < attemptMs(arrow)) return []
  return [
    {
      code: 'attempt-too-short',
      severity: 'warning',
      at: arrow.name,
      way: [],
      says: `${callee} works for ${durationText(takesMs)}, and the first attempt is given up after ${durationText(attemptMs(arrow))}`,
      fix: 'Raise the deadline: as it stands, the retry begins while the work is being done.',
    },
  ]
}

const LEVELS = ['sheddable', 'sheddable-plus', 'critical', 'critical-plus'] as const
/** What a request claims that says nothing. */
const LEVEL_DEFAULT = LEVELS.indexOf('critical')

/** Something important that cannot be done without something that is refused first. */
function inversions(handlers: readonly HandlerNode[], calls: readonly CallArrow[]): Finding[] {
  const incoming = Map.groupBy(calls, ({ target, operation }) => `${target}.${operation}`)
  return handlers.flatMap((handler) => {
    const claimed = (incoming.get(handler.name) ?? []).map(levelOf)
    const isWayIn = claimed.length === 0 || handler.route !== undefined
    const level = Math.max(...claimed, ...(isWayIn ? [LEVEL_DEFAULT] : []))
    return handler.calls
      .filter(({ arrow }) => levelOf(arrow) < level && !arrow.policy.hasFallback)
      .map(({ arrow }): Finding => ({
        code: 'criticality-inversion',
        severity: 'warning',
        at: arrow.name,
        way: [handler.name, `${arrow.target}.${arrow.operation}`],
        says: `${handler.name} is asked as '${LEVELS[level] ?? ''}' and needs an answer that it asks for as '${LEVELS[levelOf(arrow)] ?? ''}': under overload it fails with what is refused first`,
        fix: 'Raise the criticality of the edge, or give it a `fallback`.',
      }))
  })
}

function levelOf({ resolved }: CallArrow): number {
  const { criticality } = resolved.edge
  return criticality === undefined ? LEVEL_DEFAULT : LEVELS.indexOf(criticality)
}
