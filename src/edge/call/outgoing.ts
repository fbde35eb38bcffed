/**
 * The way of a call out of its service: one ordered list, and the reason for each place in it.
 *
 * Promise: a call ends once, in one of four outcomes, within its deadline, and never rejects. What the
 * edge declares is done here and nowhere else, so that the list is the whole truth about an arrow.
 *
 * Intuition: a call passes the stages from the first to the last and comes back through them. What stands above `attempts` happens once in a
 * call, what stands below happens once in each attempt. Before all of them `begin` gives the call its
 * trace and its deadline, so that no two stages can disagree on them.
 *
 * Invariants:
 *   C1. No stage runs after the deadline has passed, and none waits longer than what is left.
 *   C2. All attempts of one call carry the same input, the same key and the same call id.
 *   C3. `unsent` is said only if the callee certainly did not act.
 *
 * Source: the orders of resilience4j, .NET's standard handler and Finagle agree on this skeleton.
 */
import { answer } from './answer.ts'
import type { Arrow, Next, Stage } from './arrow.ts'
import { attemptDeadline, attempts } from './attempts.ts'
import { cache } from './cached.ts'
import { breaker, bulkhead, endpoint } from './circuit.ts'
import { deadline, declared, fact, fallback, input, key } from './intent.ts'
import { headers, transport } from './exchange.ts'
import { walkThrough } from './walk.ts'

/** Outermost first. */
export const outgoing: readonly Stage[] = [
  {
    name: 'fact',
    why: 'states what the caller saw, all attempts and the fallback included; lower, and the count of calls would be a count of attempts',
    stage: fact,
  },
  {
    name: 'declared',
    why: 'above the fallback, which would hide for ever that the map does not draw this arrow',
    stage: declared,
  },
  {
    name: 'input',
    why: "above the fallback, which would hide the caller's own mistake, and before anything is sent",
    stage: input,
  },
  {
    name: 'fallback',
    why: 'around all attempts and the deadline: inside, one lost attempt would degrade a call that a retry saves',
    stage: fallback,
  },
  {
    name: 'deadline',
    why: 'before any work is spent on a call that nobody can wait for; above the fallback, it could not be softened',
    stage: deadline,
  },
  {
    name: 'cache',
    why: 'above everything that counts calls: a hit must not look like a success of the callee; below the fallback, whose value must not be kept',
    stage: cache,
  },
  {
    name: 'key',
    why: 'outside the attempts: a new key for each attempt is how a card is charged twice',
    stage: key,
  },
  {
    name: 'attempts',
    why: 'retry and hedge in one, or they would multiply; below this line everything happens once for each attempt, which has its own time, span and connection',
    stage: attempts,
  },
  {
    name: 'breaker',
    why: 'below the attempts, or it would see one failure where three calls failed; above the bulkhead, whose refusals must not open it',
    stage: breaker,
  },
  {
    name: 'bulkhead',
    why: 'below the attempts, so that no pause before a retry holds a slot; above the endpoint, which is not chosen for what is not sent',
    stage: bulkhead,
  },
  {
    name: 'endpoint',
    why: 'below the bulkhead, so that each attempt chooses anew, at the last moment, and not where it failed before',
    stage: endpoint,
  },
  {
    name: 'attempt deadline',
    why: 'the callee receives this one and gives up before we do; sent as the total, it would work for an attempt that we have left',
    stage: attemptDeadline,
  },
  {
    name: 'headers',
    why: 'they carry the number, the span and the time of this attempt, which are known only now',
    stage: headers,
  },
  {
    name: 'transport',
    why: 'below all policies, so that none of them is skipped in the simulation, which replaces only this',
    stage: transport,
  },
  {
    name: 'answer',
    why: 'inside the attempts: a 200 with garbage is a failed attempt, and must never look like a success above',
    stage: answer,
  },
]

/** The stages of one arrow, composed once: a call only runs them. */
export function compile(arrow: Arrow): Next {
  return walkThrough(outgoing, arrow)
}
