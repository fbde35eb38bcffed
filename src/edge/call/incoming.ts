/**
 * The way of a request into its service: one ordered list, and the reason for each place in it.
 *
 * Promise: each request gets one answer, by its deadline at the latest, and what is refused on the way
 * was not executed.
 *
 * Intuition: who must be refused is refused where it costs least: by the path, by the headers, by the
 * size, by the shape, and only then by the database.
 *
 * Invariants:
 *   N1. Nothing is read of the body before the request is known to be wanted and in time.
 *   N2. A failure is one problem document, with nothing in it that is not for the caller.
 *   N3. Whatever passes the last hop but one may have an effect; nothing before it has.
 */
import { execution, turn } from './execute.ts'
import { type Entrance, type Hop, reduceHops, type Way } from './hop.ts'
import { admission, limit, quota } from './overload.ts'
import { body, deadline, drain, events, fact, input, key, problem, route } from './reception.ts'

/** Outermost first. */
export const incoming: readonly Hop[] = [
  {
    name: 'fact',
    why: 'sees every answer, refusals and failures included; lower, what is refused would not be counted',
    stage: fact,
  },
  {
    name: 'problem',
    why: 'above all that can throw, so that there is no way to answer with a stack trace',
    stage: problem,
  },
  {
    name: 'route',
    why: 'first, because it costs nothing and most of what strangers send ends here',
    stage: route,
  },
  {
    name: 'drain',
    why: 'above the body: a service that stops would read it for nothing; and around all work, to count it until it has ended',
    stage: drain,
  },
  {
    name: 'events',
    why: 'events are not calls and have their own way from here, but they drain with the calls',
    stage: events,
  },
  {
    name: 'deadline',
    why: 'counts before the body arrives, so that a slow sender spends his own time; and refuses first what could not end in time, whoever sent it',
    stage: deadline,
  },
  {
    name: 'quota',
    why: 'above the admission: who asks too often must not use up the share of those who do not',
    stage: quota,
  },
  {
    name: 'admission',
    why: 'below all that refuses for a reason of its own, so that only what would be served is counted as load; above the body, so that a refusal stays cheap',
    stage: admission,
  },
  {
    name: 'limit',
    why: 'below the admission, which should act long before; what passes it anyway must not fill the memory with bodies',
    stage: limit,
  },
  {
    name: 'body',
    why: 'the first hop that costs memory: all cheaper refusals stand above it',
    stage: body,
  },
  {
    name: 'input',
    why: 'before the key, which is derived from what the schema made of the input',
    stage: input,
  },
  {
    name: 'key',
    why: 'the last refusal that needs no database; below it, an invalid key would cost a transaction',
    stage: key,
  },
  {
    name: 'turn',
    why: 'directly above the work: whoever computes long must not keep all others from arriving; and below the body, for which nobody should hold a turn',
    stage: turn,
  },
  {
    name: 'execution',
    why: 'innermost: claim, effect and answer commit together, and after the commit only the answer may follow',
    stage: execution,
  },
]

/** The hops of one service, composed once: a request only runs them. */
export function compile(entrance: Entrance): Way {
  return reduceHops(incoming, entrance)
}
