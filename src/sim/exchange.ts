/**
 * One exchange: a request on its way, perhaps served twice, and its answer on its way back.
 *
 * Each message has a latency of its own and may be lost or late; the caller may give up and the
 * callee may die at any moment in between. What the caller learns is only what its own end shows.
 *
 * Invariants:
 *   X1. The caller's promise settles at most once, and never after its incarnation died.
 *   X2. A request that was lost, or whose answer was lost, is silent: the caller learns of it by its
 *       own signal.
 *   X3. When the caller gives up, everybody who serves the request hears of it one latency later.
 */
import { type Code, HoldfastError } from '#errors'
import type { IncomingRequest, OutgoingRequest, WireHandler, WireResponse } from '#world'
import { chance, hash32 } from './chance.ts'
import { corrupted } from './corruption.ts'
import type { FaultKind, Faults } from './fault.ts'
import { isHouseholder } from './plain/household.ts'
import type { Links } from './links.ts'
import type { Incarnation, Process } from './process.ts'
import type { Schedule } from './schedule.ts'

/** A handler that listens. */
export interface OpenPort {
  readonly owner: Incarnation
  readonly handler: WireHandler
}

/** What an exchange needs of the network. */
export interface Wire {
  readonly seed: number
  readonly schedule: Schedule
  readonly faults: Faults
  readonly links: Links
  openAt(address: string): OpenPort | undefined
  ended(exchange: Exchange): void
  /** A fault befell a message. */
  struck(kind: FaultKind, target: string, request: OutgoingRequest): void
}

/** Who asks whom what. */
export interface Parties {
  readonly from: Incarnation
  readonly target: Process
  /** `orders>payments`. */
  readonly edge: string
  /** How many requests this edge had before. */
  readonly ordinal: number
  /** `host:port` of the target. */
  readonly address: string
  readonly request: OutgoingRequest
}

/** One latency is 0.3 ms and an exponential part with a mean of 0.5 to 6 ms, at most 40 ms. */
const LATENCY_US = { min: 300, meanMin: 500, meanMax: 6_000, max: 40_000 }

/** A straggler is this much later, in µs: a retransmission, or a pause just before the send. */
const STRAGGLE_US = { min: 200_000, max: 2_200_000 }

/**
 * How long after its caller gave up a request may still be worked on and count as under way, in µs:
 * above usual deadlines. Whoever works on it for longer will never answer.
 */
const ABANDONED_US_MAX = 10_000_000

/** A pause in the middle of sending, and how likely it is beside one that comes from nowhere. */
const PAUSE_MS = { min: 50, max: 3_000 }
const PAUSE_WEIGHT = 0.3

/** When a client leaves that does, in µs: spread over the orders of magnitude, as patience is. */
const LEAVE_US = { min: 1_000, max: 200_000 }

/** How long a way is cut when a plan says so: longer than most attempts wait. */
const PLANNED_CUT_MS = 1_500

/** How often a dying callee still resets its connections; otherwise it is silent. */
const SHARE_OF_RESETS = 0.7

/** The process of the load. */
export const CLIENT = 'client'

interface Serving {
  readonly owner: Incarnation
  readonly controller: AbortController
  readonly isCopy: boolean
}

/** A request under way, and what becomes of it. */
export class Exchange {
  /** What the caller awaits. */
  readonly answer: Promise<WireResponse>
  /** Resolves when nobody serves the request any more. */
  readonly served: Promise<void>
  readonly #wire: Wire
  readonly #parties: Parties
  readonly #body: Uint8Array
  readonly #servings = new Set<Serving>()
  readonly #settlers = Promise.withResolvers<WireResponse>()
  readonly #end = Promise.withResolvers<void>()
  readonly #onAbort = (): void => this.#giveUp()
  #arrivalsToCome = 0
  #breaksAt: 'request' | 'answer' | undefined
  #settledAtUs: number | undefined

  constructor(wire: Wire, parties: Parties) {
    this.#wire = wire
    this.#parties = parties
    this.#body = Uint8Array.from(parties.request.body ?? [])
    this.answer = this.#settlers.promise
    this.served = this.#end.promise
    this.#depart()
  }

  /** True while this incarnation works on the request. */
  isServedBy(owner: Incarnation): boolean {
    return [...this.#servings].some((serving) => serving.owner === owner)
  }

  /** True if somebody still waits for the answer, or works on the request and may yet finish. */
  get isUnderWay(): boolean {
    const settledAtUs = this.#settledAtUs
    // A plain service has no deadlines that would end its work: then nobody knows that it never ends.
    if ([...this.#servings].some(({ owner }) => isHouseholder(owner))) return true
    return settledAtUs === undefined || this.#wire.schedule.nowUs - settledAtUs < ABANDONED_US_MAX
  }

  /** `orders has not answered POST /orders of client`. */
  get inWords(): string {
    const { from, target, request } = this.#parties
    return `${target.name} has not answered ${request.method} ${request.path} of ${from.process.name}`
  }

  /** Somebody died: the caller, one who serves, or neither. */
  died(dead: Incarnation): void {
    if (dead === this.#parties.from) {
      this.#hangUp()
      this.#settle('died', () => {})
    }
    for (const serving of this.#servings) {
      if (serving.owner !== dead) continue
      this.#servings.delete(serving)
      if (!serving.isCopy) this.#reset()
    }
    this.#endIfOver()
  }

  get #id(): string {
    return `${this.#parties.edge}#${this.#parties.ordinal}`
  }

  #depart(): void {
    const { edge, ordinal, request } = this.#parties
    const { faults } = this.#wire
    if (request.signal.aborted) return this.#fail('HF_CALL_NOT_SENT', 'was aborted before it left')
    request.signal.addEventListener('abort', this.#onAbort, { once: true })
    this.#note('send', `${request.method} ${request.path} ${digest(this.#body)}`)
    if (this.#isStruckBy('duplicate')) {
      this.#travel(this.#latencyUs('copy') + this.#latencyUs('late copy'), true)
    }
    const { from, target } = this.#parties
    if (faults.fires('one-way-partition', `${edge} at request`, ordinal, 0)) {
      this.#wire.links.cutOneWay(from.process.name, target.name, PLANNED_CUT_MS)
    }
    if (this.#isStruckBy('loss')) return
    if (this.#isStruckBy('refused')) return this.#refuse('the connection was refused')
    this.#breaksAt = this.#breaking()
    if (this.#breaksAt === 'request') return this.#break()
    if (from.process.name === CLIENT && this.#isStruckBy('leave')) this.#leaveLater()
    const isLate = this.#isStruckBy('delay')
    const spreadUs = STRAGGLE_US.max - STRAGGLE_US.min
    const straggleUs = STRAGGLE_US.min + this.#chance('straggle') * spreadUs
    const lateUs = isLate ? faults.lasting(`delay:${this.#id}`, straggleUs) : 0
    this.#travel(this.#latencyUs('request') + lateUs + this.#pausedUs(), false)
  }

  #isStruckBy(kind: FaultKind): boolean {
    const { edge, ordinal, target, request } = this.#parties
    const isStruck = this.#wire.faults.fires(kind, edge, ordinal)
    if (isStruck) this.#wire.struck(kind, target.service, request)
    return isStruck
  }

  /** Where the connection is reset, if it is: before the request has arrived, or after. */
  #breaking(): 'request' | 'answer' | undefined {
    if (!this.#isStruckBy('reset')) return undefined
    return this.#chance('reset where') < 0.5 ? 'request' : 'answer'
  }

  #break(): void {
    this.#failLater('break', 'HF_CALL_LOST', 'the connection was reset')
  }

  /** The client will not wait: it closes the page, or the telephone goes through a tunnel. */
  #leaveLater(): void {
    const run = (): void => {
      if (this.#settledAtUs !== undefined) return
      this.#hangUp()
      this.#fail('HF_CALL_LOST', 'the client left')
    }
    const { min, max } = LEAVE_US
    const afterUs = min * (max / min) ** this.#chance('leave when')
    this.#wire.schedule.at({ afterUs, actor: this.#parties.from, label: `leave ${this.#id}`, run })
  }

  /** The sender falls asleep while it sends: what it believed to be true then arrives later. */
  #pausedUs(): number {
    const { edge, ordinal, from } = this.#parties
    const { faults } = this.#wire
    const where = `${edge} sending`
    if (!faults.fires('pause', where, ordinal, PAUSE_WEIGHT)) return 0
    const longMs = PAUSE_MS.min + this.#chance('pause') * (PAUSE_MS.max - PAUSE_MS.min)
    const pausedMs = faults.lasting(`pause:${where}#${ordinal}`, longMs)
    from.process.pause(pausedMs)
    return pausedMs * 1_000
  }

  #travel(afterUs: number, isCopy: boolean): void {
    if (this.#isCut()) return
    this.#arrivalsToCome += 1
    const label = `${isCopy ? 'arrive again' : 'arrive'} ${this.#id}`
    this.#wire.schedule.at({ afterUs, label, run: () => this.#arrive(isCopy) })
  }

  #arrive(isCopy: boolean): void {
    this.#arrivalsToCome -= 1
    const open = this.#isCut() ? undefined : this.#wire.openAt(this.#parties.address)
    if (open !== undefined) this.#serve(open, isCopy)
    else if (!isCopy && !this.#isCut())
      this.#refuse(`${this.#parties.target.name} is down: refused`)
    this.#endIfOver()
  }

  #serve({ owner, handler }: OpenPort, isCopy: boolean): void {
    const serving = { owner, controller: new AbortController(), isCopy }
    this.#servings.add(serving)
    if (this.#breaksAt === 'answer') this.#break()
    const serve = (): void => {
      const answered = handler(incoming(this.#parties.request, this.#body, serving.controller))
      answered.then(
        (response) => this.#answered(serving, response),
        (error: unknown) => owner.failed(error),
      )
    }
    const { requestUs } = owner.process.price
    const run = (): void => (requestUs === 0 ? serve() : void owner.occupy(requestUs).then(serve))
    this.#wire.schedule.at({ afterUs: 0, actor: owner, label: `serve ${this.#id}`, run })
  }

  #answered(serving: Serving, given: WireResponse): void {
    const { edge, ordinal, from } = this.#parties
    if (serving.owner.isDead) return
    this.#servings.delete(serving)
    const answer: WireResponse = {
      status: given.status,
      headers: { ...given.headers },
      body: Uint8Array.from(given.body),
    }
    const words = `${answer.status} ${digest(answer.body)}`
    this.#note('answer', `${words}${serving.isCopy ? ' to the copy' : ''}`)
    if (this.#wire.faults.fires('one-way-partition', `${edge} at answer`, ordinal, 0)) {
      this.#wire.links.cutOneWay(this.#parties.target.name, from.process.name, PLANNED_CUT_MS)
    }
    const isLost = serving.isCopy || this.#isStruckBy('lost-answer') || this.#breaksAt !== undefined
    if (!isLost && !this.#isCutBack()) {
      const isSpoilt = this.#isStruckBy('corrupted-answer')
      const arriving = isSpoilt ? corrupted(answer, this.#chance('corrupted how')) : answer
      const run = (): void => this.#receive(arriving)
      const label = `answer ${this.#id}`
      this.#wire.schedule.at({ afterUs: this.#latencyUs('answer'), actor: from, label, run })
    }
    this.#endIfOver()
  }

  #receive(response: WireResponse): void {
    const { answerBytesMax } = this.#parties.request
    if (this.#isCutBack()) return
    if (response.body.length > answerBytesMax) {
      const detail = `the answer has ${response.body.length} bytes, more than ${answerBytesMax}`
      return this.#fail('HF_CALL_LOST', detail)
    }
    this.#settle(`received ${response.status}`, () => this.#settlers.resolve(response))
  }

  #refuse(why: string): void {
    this.#failLater('refusal', 'HF_CALL_NOT_SENT', why)
  }

  #reset(): void {
    if (this.#isCutBack() || this.#chance('reset') >= SHARE_OF_RESETS) return
    this.#failLater('reset', 'HF_CALL_LOST', `${this.#parties.target.name} died: connection reset`)
  }

  #giveUp(): void {
    this.#hangUp()
    const { reason } = this.#parties.request.signal
    this.#fail('HF_CALL_LOST', 'the caller gave up before the answer arrived', reason)
  }

  #hangUp(): void {
    if (this.#isCut()) return
    for (const { owner, controller } of this.#servings) {
      const run = (): void => controller.abort(new Error('the caller went away'))
      const label = `hang-up ${this.#id}`
      this.#wire.schedule.at({ afterUs: this.#latencyUs('hang-up'), actor: owner, label, run })
    }
  }

  #failLater(message: string, code: Code, detail: string): void {
    const { from } = this.#parties
    const run = (): void => (this.#isCutBack() ? undefined : this.#fail(code, detail))
    const label = `${message} ${this.#id}`
    this.#wire.schedule.at({ afterUs: this.#latencyUs(message), actor: from, label, run })
  }

  #fail(code: Code, detail: string, cause?: unknown): void {
    const error = new HoldfastError(code, { edge: this.#parties.edge, detail, cause })
    this.#settle(code, () => this.#settlers.reject(error))
  }

  #settle(how: string, settle: () => void): void {
    if (this.#settledAtUs !== undefined) return
    this.#settledAtUs = this.#wire.schedule.nowUs
    this.#parties.request.signal.removeEventListener('abort', this.#onAbort)
    this.#note('end', how)
    settle()
    this.#endIfOver()
  }

  #endIfOver(): void {
    if (this.#servings.size > 0 || this.#arrivalsToCome > 0) return
    this.#end.resolve()
    if (this.#settledAtUs !== undefined) this.#wire.ended(this)
  }

  /** True while requests do not get through. */
  #isCut(): boolean {
    return this.#wire.links.isCut(this.#parties.from.process.name, this.#parties.target.name)
  }

  /** True while answers do not get through. */
  #isCutBack(): boolean {
    return this.#wire.links.isCut(this.#parties.target.name, this.#parties.from.process.name)
  }

  #latencyUs(message: string): number {
    const { from, target } = this.#parties
    const { meanMin, meanMax, min, max } = LATENCY_US
    const meanUs = meanMin + chance(this.#wire.seed, 'latency') * (meanMax - meanMin)
    const usualUs = Math.min(max, min - Math.log(1 - this.#chance(message)) * meanUs)
    return usualUs + this.#wire.links.moreUs(from.process.name, target.name)
  }

  #chance(about: string): number {
    return chance(this.#wire.seed, `${about} ${this.#parties.edge}`, this.#parties.ordinal)
  }

  #note(kind: string, detail: string): void {
    this.#wire.schedule.note(this.#id, kind, detail)
  }
}

function incoming(
  { method, path, headers }: OutgoingRequest,
  body: Uint8Array,
  { signal }: AbortController,
): IncomingRequest {
  const readBody = async (bytesMax: number): Promise<Uint8Array> => {
    if (body.length <= bytesMax) return Uint8Array.from(body)
    throw new HoldfastError('HF_BODY_TOO_LARGE', {
      detail: `the body has ${body.length} bytes, more than ${bytesMax}`,
    })
  }
  return { method, path, headers: { ...headers }, readBody, signal }
}

function digest(body: Uint8Array): string {
  const hash = hash32(Buffer.from(body).toString('latin1')).toString(16).padStart(8, '0')
  return `${body.length} B ${hash}`
}
