/**
 * What was seen: the facts of a running system, folded into numbers for each arrow and handler.
 *
 * Promise: the same facts give the same observation, whatever their order. Facts that say nothing
 * about an arrow are passed over, so a log file with everything in it can be read.
 *
 * The facts are described here by their shape: the map knows what is declared, and stands beside
 * whoever states facts, not above.
 *
 * Invariants:
 *   O1. At most NAMES_MAX arrows and handlers are kept; the rest is counted in `dropped`.
 */
import { Histogram } from './histogram.ts'

/** Anything that says what it is: a fact of a running service, or a line of its log. */
export interface AnyFact {
  readonly fact: string
  readonly [field: string]: unknown
}

/** How long something took. */
export interface Spread {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** The longest. */
  readonly worstMs: number
}

/** What was seen of a call arrow. */
export interface SeenCalls extends Spread {
  /** Calls by how they ended: done, refused, unsent, unknown. */
  readonly ended: Readonly<Record<string, number>>
  readonly attemptsMean: number
  readonly attemptsMax: number
}

/** What was seen of an event arrow. The spread is the lag from commit to acknowledgement. */
export interface SeenEvents extends Spread {
  readonly attemptsMax: number
  readonly duplicates: number
  readonly dead: number
}

/** What was seen, by the name of the arrow or handler. */
export interface Observation {
  readonly calls: ReadonlyMap<string, SeenCalls>
  readonly events: ReadonlyMap<string, SeenEvents>
  readonly handlers: ReadonlyMap<string, Spread>
  /** How often who asked whom for what, as the callee told it: `orders>payments.charge`. */
  readonly asked: ReadonlyMap<string, number>
  /** How often a request crossed the network between two services, where somebody watched it. */
  readonly links: ReadonlyMap<string, number>
  readonly dropped: number
}

/** The observation that the facts add up to. */
export function observationOf(facts: Iterable<AnyFact>): Observation {
  const witness = new Witness()
  for (const each of facts) witness.see(each)
  return witness.observation()
}

const NAMES_MAX = 20_000

class Tally {
  readonly took = new Histogram()
  readonly ended = new Map<string, number>()
  attempts = 0
  attemptsMax = 0
  duplicates = 0
  dead = 0

  spread(): Spread {
    const { took } = this
    const [p50Ms, p99Ms] = [took.quantile(0.5), took.quantile(0.99)]
    return { count: took.count, p50Ms, p99Ms, worstMs: took.worst }
  }
}

/** Takes facts one by one, for whoever watches a system while it runs. */
export class Witness {
  readonly #tallies = {
    calls: new Map<string, Tally>(),
    events: new Map<string, Tally>(),
    handlers: new Map<string, Tally>(),
  }
  readonly #asked = new Map<string, number>()
  readonly #links = new Map<string, number>()
  #dropped = 0

  /** Takes one fact. */
  see(fact: AnyFact): void {
    switch (fact.fact) {
      case 'called':
        return this.#called(fact)
      case 'served':
        return this.#served(fact)
      case 'delivered':
      case 'consumed':
      case 'undelivered':
        return this.#carried(fact)
      default:
    }
  }

  /** Takes what the network saw: a request from one service to another, whatever it was for. */
  crossed(link: string): void {
    this.#count(this.#links, link, 1)
  }

  /** What was seen until now. */
  observation(): Observation {
    const { calls, events, handlers } = this.#tallies
    return {
      calls: mapped(calls, (each) => ({
        ...each.spread(),
        ended: Object.fromEntries(each.ended),
        attemptsMean: each.attempts / each.took.count,
        attemptsMax: each.attemptsMax,
      })),
      events: mapped(events, (each) => ({
        ...each.spread(),
        attemptsMax: each.attemptsMax,
        duplicates: each.duplicates,
        dead: each.dead,
      })),
      handlers: mapped(handlers, (each) => each.spread()),
      asked: new Map(this.#asked),
      links: new Map(this.#links),
      dropped: this.#dropped,
    }
  }

  #called(fact: AnyFact): void {
    const tally = this.#tally('calls', text(fact, 'edge'))
    if (tally === undefined) return
    const [attempts, ended] = [number(fact, 'attempts'), text(fact, 'ended') ?? 'unknown']
    tally.took.add(number(fact, 'tookMs'))
    tally.attempts += attempts
    tally.attemptsMax = Math.max(tally.attemptsMax, attempts)
    tally.ended.set(ended, (tally.ended.get(ended) ?? 0) + 1)
  }

  #served(fact: AnyFact): void {
    const [caller, operation] = [text(fact, 'caller'), text(fact, 'operation')]
    this.#tally('handlers', operation)?.took.add(number(fact, 'tookMs'))
    if (caller !== undefined && operation?.includes('.') === true)
      this.#count(this.#asked, `${caller}>${operation}`, 1)
  }

  #count(counts: Map<string, number>, name: string, more: number): void {
    const known = counts.get(name)
    if (known === undefined && counts.size >= NAMES_MAX) this.#dropped += 1
    else counts.set(name, (known ?? 0) + more)
  }

  /** The producer tells of the delivery, the consumer of the effect; both name edge and event. */
  #carried(fact: AnyFact): void {
    const [edge, event] = [text(fact, 'edge'), text(fact, 'event')]
    if (edge === undefined || event === undefined) return
    const tally = this.#tally('events', `${edge}.${event.slice(event.indexOf('.') + 1)}`)
    if (tally === undefined) return
    tally.attemptsMax = Math.max(tally.attemptsMax, number(fact, 'attempts'))
    if (fact.fact === 'delivered') tally.took.add(number(fact, 'lagMs'))
    if (fact['duplicate'] === true) tally.duplicates += 1
    else if (fact.fact === 'consumed')
      this.#tally('handlers', `${text(fact, 'service')}<${event}`)?.took.add(number(fact, 'tookMs'))
    const isGivenUp = fact.fact === 'undelivered' && fact['retryInMs'] === undefined
    if (isGivenUp) tally.dead += 1
  }

  #tally(kind: 'calls' | 'events' | 'handlers', name: string | undefined): Tally | undefined {
    if (name === undefined) return undefined
    const tallies = this.#tallies[kind]
    const known = tallies.get(name)
    if (known !== undefined) return known
    if (tallies.size >= NAMES_MAX) {
      this.#dropped += 1
      return undefined
    }
    const fresh = new Tally()
    tallies.set(name, fresh)
    return fresh
  }
}

function mapped<Value, Result>(
  all: ReadonlyMap<string, Value>,
  of: (value: Value) => Result,
): ReadonlyMap<string, Result> {
  return new Map([...all].map(([name, each]) => [name, of(each)]))
}

function text(fact: AnyFact, field: string): string | undefined {
  const found = fact[field]
  return typeof found === 'string' ? found : undefined
}

function number(fact: AnyFact, field: string): number {
  const found = fact[field]
  return typeof found === 'number' && Number.isFinite(found) ? found : 0
}
