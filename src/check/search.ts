/**
 * The search for an order: places operations one after the other until every answer is explained.
 *
 * Intuition: try what may come next; where the model refuses everything, take the last placement
 * back and try something else. Two ways that placed the same operations and reached the same state
 * have the same future, so the second one is cut off. That memory turns a factorial into something
 * that real histories finish in milliseconds.
 *
 * What was placed is remembered by the front and by the pending operations that are placed already:
 * all that was answered before the front is placed, nothing called behind it can be. So a memory
 * costs a few words, however long the history is.
 *
 * Invariants:
 *   S1. An operation is placed only if every operation answered before its call is placed.
 *   S2. An operation without an answer may be placed at any moment from its call on, or never.
 *   S3. The search is exhaustive: 'impossible' means that no order exists from `start`.
 *   S4. Equal runs take equal steps: nothing depends on time, memory addresses or chance.
 *
 * Source: Wing & Gong, Testing and Verifying Concurrent Objects (1993), with the memory of Lowe,
 * Testing for Linearizability (2017). Rejected: trying operations without an answer in the order of
 * their calls, as Knossos and Porcupine do; each of them would double the work behind it.
 */
import type { Budget } from './budget.ts'
import type { Model } from './model.ts'
import type { History, Operation } from './history.ts'
import { NONE, Timeline } from './timeline.ts'
import { TupleSet } from './tuple-set.ts'

/** How a search ended; 'unfinished' where its turn or its budget ran out. */
export type SearchResult = 'possible' | 'impossible' | 'unfinished'

/** No operation has this number. */
const NOTHING = -1

/** Bytes that one more state costs beside its text: an entry of a map and one of an array. */
const STATE_BYTES = 96

/** Looks for an order of one object's operations that the model allows. */
export class Search<State, Input, Output> {
  readonly #model: Model<State, Input, Output>
  readonly #history: History<Input, Output>
  readonly #budget: Budget
  readonly #timeline: Timeline
  readonly #tried: TupleSet
  readonly #identities = new Map<string, number>()
  /** States by number, each once. */
  readonly #states: State[] = []
  /** The cursor at each placement, in their order. */
  readonly #placed: number[] = []
  readonly #isPlaced: Uint8Array
  readonly #observes: Uint8Array
  /** `[front, state, ...marks]` before each placement: depth d begins at d * width. */
  readonly #configurations: Int32Array
  readonly #width: number
  readonly #next: Int32Array
  #answersLeft: number
  #cursor = NONE
  #furthest = NONE
  #bytes = 0

  constructor(
    model: Model<State, Input, Output>,
    history: History<Input, Output>,
    options: { readonly budget: Budget; readonly start?: State },
  ) {
    this.#model = model
    this.#history = history
    this.#budget = options.budget
    this.#timeline = new Timeline(history)
    this.#width = 2 + Math.ceil(this.#timeline.slots / 32)
    this.#tried = new TupleSet(this.#width, options.budget)
    this.#isPlaced = new Uint8Array(history.length)
    this.#observes = Uint8Array.from(history, (each) => (model.observes?.(each) === true ? 1 : 0))
    this.#next = new Int32Array(this.#width)
    this.#answersLeft = history.length - this.#timeline.unanswered.length
    this.#configurations = this.#reserveConfigurations()
    this.#configurations[0] = this.#timeline.frontAfter(NONE)
    this.#configurations[1] = this.#numberOf(options.start ?? model.initial)
    this.#cursor = this.#timeline.after(NONE)
  }

  /** Goes on for at most `stepsMax` placements. */
  advance(stepsMax: number): SearchResult {
    for (let steps = 0; this.#answersLeft > 0;) {
      if (this.#budget.exhausted !== undefined) return 'unfinished'
      const operation = this.#candidate()
      if (operation === undefined) {
        if (!this.#takeBack()) return 'impossible'
        continue
      }
      if (steps++ >= stepsMax || !this.#budget.trySpendStep()) return 'unfinished'
      if (!this.#tryPlace(operation)) this.#skip()
    }
    return 'possible'
  }

  /** The order that was found. Operations without an answer are left out where nothing needs them. */
  get order(): readonly Operation<Input, Output>[] {
    return this.#placed.flatMap((cursor) => this.#history[this.#at(cursor)] ?? [])
  }

  /** The operation whose answer no try got past; `undefined` before the first dead end. */
  get furthest(): Operation<Input, Output> | undefined {
    return this.#furthest === NONE ? undefined : this.#operationOf(this.#furthest)
  }

  /** Every state that some try had reached once all answers up to `moment` were explained. */
  statesAfter(moment: number): readonly State[] {
    const numbers = new Set<number>()
    if (this.#isBehind(this.#timeline.frontAfter(NONE), moment)) numbers.add(0)
    this.#tried.each((tuples, offset) => {
      if (this.#isBehind(tuples[offset] ?? NONE, moment)) numbers.add(tuples[offset + 1] ?? 0)
    })
    return [...numbers].toSorted((a, b) => a - b).flatMap((number) => this.#stateOf(number) ?? [])
  }

  /** Gives the memory of what was tried back to the budget. */
  forget(): void {
    this.#tried.clear()
    this.#budget.release(this.#bytes)
    this.#bytes = 0
  }

  #isBehind(front: number, moment: number): boolean {
    return (this.#operationOf(front)?.answer?.at ?? Infinity) > moment
  }

  #operationOf(entry: number): Operation<Input, Output> | undefined {
    return entry === NONE ? undefined : this.#history[this.#timeline.operationAt[entry] ?? 0]
  }

  #stateOf(number: number): State | undefined {
    return this.#states[number]
  }

  get #front(): number {
    return this.#configurations[this.#placed.length * this.#width] ?? NONE
  }

  get #stateNumber(): number {
    return this.#configurations[this.#placed.length * this.#width + 1] ?? 0
  }

  /** The operation at a cursor: on an entry of the list, or behind all of them among the unanswered. */
  #at(cursor: number): number {
    const { operationAt, unanswered } = this.#timeline
    return operationAt[cursor] ?? unanswered[cursor - operationAt.length] ?? NOTHING
  }

  /** Moves the cursor to what may come next: calls up to the front, then unanswered ones before it. */
  #candidate(): number | undefined {
    const { operationAt, isAnswer, callOf } = this.#timeline
    if (isAnswer[this.#cursor] === 0) return this.#at(this.#cursor)
    if (this.#cursor < operationAt.length) this.#cursor = operationAt.length
    for (; ; this.#cursor++) {
      const operation = this.#at(this.#cursor)
      if (operation === NOTHING || (callOf[operation] ?? 0) > this.#front) return undefined
      if (this.#isPlaced[operation] === 0) return operation
    }
  }

  /** Moves the cursor one on. */
  #skip(): void {
    const isOnList = this.#cursor < this.#timeline.operationAt.length
    this.#cursor = isOnList ? this.#timeline.after(this.#cursor) : this.#cursor + 1
  }

  /** Places the operation if the model allows it and what follows was not tried before. */
  #tryPlace(index: number): boolean {
    const operation = this.#history[index]
    const state = this.#stateOf(this.#stateNumber)
    if (operation === undefined || state === undefined) return false
    const after = this.#model.step(state, operation)
    if (after === undefined) return false
    const number = this.#numberOf(after)
    // Without an answer and without an effect: the same order without it explains as much.
    if (operation.answer === undefined && number === this.#stateNumber) return false
    this.#writeNext(index, number)
    if (!this.#tried.add(this.#next)) return false
    this.#place(index)
    return true
  }

  #place(operation: number): void {
    this.#isPlaced[operation] = 1
    this.#placed.push(this.#cursor)
    this.#configurations.set(this.#next, this.#placed.length * this.#width)
    if (this.#timeline.answerOf[operation] !== NONE) {
      this.#timeline.lift(operation)
      this.#answersLeft--
    }
    this.#cursor = this.#timeline.after(NONE)
  }

  /** Undoes placements up to one that had alternatives. False if there is none: all was tried. */
  #takeBack(): boolean {
    this.#furthest = Math.max(this.#furthest, this.#front)
    for (let cursor = this.#placed.pop(); cursor !== undefined; cursor = this.#placed.pop()) {
      const operation = this.#at(cursor)
      this.#unplace(operation)
      this.#cursor = cursor
      this.#skip()
      // What only observes fits as soon as it fits at all: placing it later explains nothing more.
      if (this.#observes[operation] === 0) return true
    }
    return false
  }

  #unplace(operation: number): void {
    this.#isPlaced[operation] = 0
    if (this.#timeline.answerOf[operation] === NONE) return
    this.#timeline.putBack(operation)
    this.#answersLeft++
  }

  /** Writes the configuration after placing `operation`: the front moves if it was what held it. */
  #writeNext(operation: number, stateNumber: number): void {
    const { answerOf, slotOf } = this.#timeline
    const front = this.#front
    const isHolding = answerOf[operation] === front
    const start = this.#placed.length * this.#width
    this.#next.set(this.#configurations.subarray(start, start + this.#width))
    this.#next[0] = isHolding ? this.#timeline.frontAfter(front) : front
    this.#next[1] = stateNumber
    if (!isHolding) this.#mark(slotOf[operation] ?? 0, 1)
    else this.#unmarkUpTo(this.#next[0] ?? NONE, front)
  }

  /** Operations answered between the old and the new front are no longer pending. */
  #unmarkUpTo(front: number, old: number): void {
    const { isAnswer, operationAt, slotOf } = this.#timeline
    const end = front === NONE ? operationAt.length : front
    for (let entry = old + 1; entry < end; entry++)
      if (isAnswer[entry] === 1) this.#mark(slotOf[operationAt[entry] ?? 0] ?? 0, 0)
  }

  #mark(slot: number, value: 0 | 1): void {
    const word = 2 + (slot >>> 5)
    const bit = 1 << (slot & 31)
    this.#next[word] = value === 1 ? (this.#next[word] ?? 0) | bit : (this.#next[word] ?? 0) & ~bit
  }

  #numberOf(state: State): number {
    const identity = this.#model.identity(state)
    const known = this.#identities.get(identity)
    if (known !== undefined) return known
    const bytes = STATE_BYTES + 2 * identity.length
    if (this.#budget.tryReserve(bytes)) this.#bytes += bytes
    const number = this.#states.push(state) - 1
    this.#identities.set(identity, number)
    return number
  }

  #reserveConfigurations(): Int32Array {
    const length = (this.#history.length + 1) * this.#width
    const isGranted = this.#budget.tryReserve(4 * length)
    if (isGranted) this.#bytes += 4 * length
    return new Int32Array(isGranted ? length : this.#width)
  }
}
