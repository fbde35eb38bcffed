/**
 * The simulated network: who listens where, which links are cut, and every exchange under way.
 *
 * Invariants:
 *   N1. A message crosses a cut link neither when it leaves nor when it arrives.
 *   N2. Whoever is down refuses the connection (HF_CALL_NOT_SENT); whoever dies with a request in
 *       hands resets it or is silent for ever (HF_CALL_LOST).
 *   N3. Nothing is shared: headers and bodies are copied when they leave.
 *   N4. A name that stands for several processes leads to one of them, which the seed chooses anew for
 *       each request.
 */
import { HoldfastError } from '#errors'
import type { Listener, Network, OutgoingRequest, WireHandler, WireResponse } from '#world'
import { never } from './actor.ts'
import { chance } from './chance.ts'
import { Exchange, type OpenPort, type Wire } from './exchange.ts'
import type { FaultKind, Faults } from './fault.ts'
import { Links } from './links.ts'
import type { Incarnation, Process } from './process.ts'
import type { Schedule } from './schedule.ts'

/** The port of an origin that names none. */
const PORT_HTTP = 80

/** The first port that is given to whoever asks for any. */
const PORT_ANY = 49_152

/** Names of one's own machine. A program that uses one means its neighbour on the developer's laptop. */
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/** A message that a fault befell. */
interface Struck {
  readonly kind: FaultKind
  readonly target: string
  readonly request: OutgoingRequest
}

/** The network between all processes of one run. */
export class SimulatedNetwork implements Wire {
  readonly seed: number
  readonly schedule: Schedule
  readonly faults: Faults
  /** By the name of the process, and by that of its service, in lower case. */
  readonly #processes = new Map<string, readonly Process[]>()
  readonly links: Links
  readonly #lookups = new Map<string, number>()
  readonly #ports = new Map<string, OpenPort>()
  /** Who listened on a port first: whom a program means that asks its own machine. */
  readonly #homes = new Map<string, string>()
  readonly #ordinals = new Map<string, number>()
  readonly #edges = new Set<string>()
  readonly #underWay = new Set<Exchange>()
  readonly #struck: Struck[] = []

  constructor(options: {
    readonly seed: number
    readonly schedule: Schedule
    readonly faults: Faults
  }) {
    this.seed = options.seed
    this.schedule = options.schedule
    this.faults = options.faults
    this.links = new Links(options.schedule)
  }

  /** Makes a process reachable under its name, and under that of its service. */
  join(process: Process): void {
    for (const name of new Set([process.name.toLowerCase(), process.service.toLowerCase()])) {
      this.#processes.set(name, [...(this.#processes.get(name) ?? []), process])
    }
  }

  /** The network as one incarnation sees it. */
  of(incarnation: Incarnation): Network {
    return {
      send: (origin, request) => this.#send(incarnation, origin, request),
      listen: async ({ port }, handler) => this.#listen(incarnation, port, handler),
    }
  }

  /** The edges that carried a request so far, between services rather than their instances. */
  get edges(): readonly string[] {
    return [...this.#edges]
  }

  /** Requests that somebody waits for or still works on, in words. */
  get underWay(): readonly string[] {
    return [...this.#underWay]
      .filter((exchange) => exchange.isUnderWay)
      .map(({ inWords }) => inWords)
  }

  /** Who answers at `host:port` now. */
  openAt(address: string): OpenPort | undefined {
    const open = this.#ports.get(address)
    return open === undefined || open.owner.isDead ? undefined : open
  }

  /** Tells everybody who waits for an answer of the dead. */
  died(incarnation: Incarnation): void {
    for (const [address, { owner }] of this.#ports) {
      if (owner === incarnation) this.#ports.delete(address)
    }
    for (const exchange of this.#underWay) exchange.died(incarnation)
  }

  /** The messages that a fault befell. */
  get messagesStruck(): readonly Struck[] {
    return this.#struck
  }

  struck(kind: FaultKind, target: string, request: OutgoingRequest): void {
    this.#struck.push({ kind, target, request })
  }

  ended(exchange: Exchange): void {
    this.#underWay.delete(exchange)
  }

  #send(from: Incarnation, origin: string, request: OutgoingRequest): Promise<WireResponse> {
    if (from.isDead) return never()
    const { hostname: named, port } = new URL(origin)
    const hostname = LOOPBACK.has(named) ? (this.#homes.get(port) ?? named) : named
    const meant = this.#lookUp(from, hostname)
    if (meant === undefined) return this.#nowhere(from, hostname)
    const edge = `${from.process.name}>${meant.name}`
    const ordinal = this.#ordinals.get(edge) ?? 0
    this.#ordinals.set(edge, ordinal + 1)
    this.#edges.add(`${from.process.service}>${meant.service}`)
    const astray = this.links.astray(from.process.name, meant.name)
    if (astray === 'unknown') return this.#nowhere(from, hostname)
    const target = astray ?? meant
    const address = `${target.name.toLowerCase()}:${port || PORT_HTTP}`
    const exchange = new Exchange(this, { from, target, edge, ordinal, address, request })
    this.#underWay.add(exchange)
    return exchange.answer
  }

  #lookUp(from: Incarnation, hostname: string): Process | undefined {
    const found = this.#processes.get(hostname) ?? []
    if (found.length < 2) return found[0]
    const lookup = `lookup ${hostname} by ${from.process.name}`
    const ordinal = this.#lookups.get(lookup) ?? 0
    this.#lookups.set(lookup, ordinal + 1)
    return found[Math.floor(chance(this.seed, lookup, ordinal) * found.length)]
  }

  #nowhere(from: Incarnation, hostname: string): Promise<WireResponse> {
    const error = new HoldfastError('HF_CALL_NOT_SENT', {
      detail: `no process of this simulation is called '${hostname}' here and now`,
    })
    return new Promise((_, reject) => {
      const run = (): void => reject(error)
      this.schedule.at({ afterUs: 500, actor: from, label: `unknown host ${hostname}`, run })
    })
  }

  #listen(owner: Incarnation, wanted: number, handler: WireHandler): Listener {
    const host = owner.process.name.toLowerCase()
    const port = wanted === 0 ? this.#freePort(host) : wanted
    const key = `${host}:${port}`
    if (this.openAt(key) !== undefined) {
      throw new HoldfastError('HF_PORT_IN_USE', { detail: `${key} is taken by ${owner.name}` })
    }
    if (!this.#homes.has(`${port}`)) this.#homes.set(`${port}`, owner.process.service.toLowerCase())
    const open = { owner, handler }
    if (!owner.isDead) this.#ports.set(key, open)
    return { origin: `http://${key}`, close: async () => this.#close(key, open) }
  }

  #freePort(host: string): number {
    let port = PORT_ANY
    while (this.#ports.has(`${host}:${port}`)) port += 1
    return port
  }

  async #close(key: string, open: OpenPort): Promise<void> {
    if (this.#ports.get(key) === open) this.#ports.delete(key)
    const served = [...this.#underWay].filter((exchange) => exchange.isServedBy(open.owner))
    await Promise.all(served.map(async (exchange) => exchange.served))
  }
}
