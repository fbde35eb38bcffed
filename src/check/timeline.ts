/**
 * A timeline: the calls and answers of a history in their order, as a list that can be thinned out.
 *
 * Intuition: an operation may be placed next if no operation that is not yet placed was answered
 * before it was called. On a list of calls and answers from which placed operations are lifted out,
 * these are simply the calls before the first answer, which is called the front. Lifting out and
 * putting back are two pointer changes each, as in Knuth's dancing links.
 *
 * Calls without an answer are not on the list: they would stand at its head for ever and be tried
 * first each time, though they are the least likely. They are kept beside it and tried last.
 *
 * Invariants:
 *   T1. `putBack` is called in the reverse order of `lift`.
 *   T2. At equal moments calls come before answers: intervals are closed, so touching is overlapping.
 *   T3. Two operations that can be pending at one front never have the same slot.
 */
import type { History } from './history.ts'

/** Ends the list, and stands for "no entry". */
export const NONE = 0

interface Moment {
  readonly at: number
  readonly operation: number
  readonly isAnswer: boolean
}

/** Entries are numbered from 1 in the order of time. */
export class Timeline {
  /** Operation of each entry. */
  readonly operationAt: Int32Array
  /** 1 where the entry is an answer. */
  readonly isAnswer: Uint8Array
  /** Entry of the call of each operation. */
  readonly callOf: Int32Array
  /** Entry of the answer of each operation; NONE without one. */
  readonly answerOf: Int32Array
  /** Operations without an answer, in the order of their calls. */
  readonly unanswered: readonly number[]
  /** Where each operation is marked as placed while it is pending. */
  readonly slotOf: Int32Array
  /** How many slots there are: the most operations that were pending at once. */
  readonly slots: number
  readonly #next: Int32Array
  readonly #previous: Int32Array

  constructor(history: History<unknown, unknown>) {
    const moments = momentsOf(history)
    const length = moments.length + 1
    this.operationAt = new Int32Array(length)
    this.isAnswer = new Uint8Array(length)
    this.callOf = new Int32Array(history.length)
    this.answerOf = new Int32Array(history.length)
    for (const [index, { operation, isAnswer }] of moments.entries()) {
      this.operationAt[index + 1] = operation
      this.isAnswer[index + 1] = isAnswer ? 1 : 0
      ;(isAnswer ? this.answerOf : this.callOf)[operation] = index + 1
    }
    this.unanswered = moments
      .filter(({ operation }) => this.answerOf[operation] === NONE)
      .map(({ operation }) => operation)
    this.slotOf = new Int32Array(history.length)
    this.slots = this.#assignSlots()
    this.#next = new Int32Array(length)
    this.#previous = new Int32Array(length)
    this.#link()
  }

  /** The entry after this one on the list; after NONE comes the first. */
  after(entry: number): number {
    return this.#next[entry] ?? NONE
  }

  /** The first answer on the list after `entry`, or NONE. */
  frontAfter(entry: number): number {
    let at = this.after(entry)
    while (at !== NONE && this.isAnswer[at] === 0) at = this.after(at)
    return at
  }

  /** Takes an answered operation off the list. */
  lift(operation: number): void {
    this.#unlink(this.callOf[operation] ?? NONE)
    this.#unlink(this.answerOf[operation] ?? NONE)
  }

  /** Puts the operation that was lifted last back where it was. */
  putBack(operation: number): void {
    this.#relink(this.answerOf[operation] ?? NONE)
    this.#relink(this.callOf[operation] ?? NONE)
  }

  #unlink(entry: number): void {
    const [before, behind] = [this.#previous[entry] ?? NONE, this.#next[entry] ?? NONE]
    this.#next[before] = behind
    this.#previous[behind] = before
  }

  #relink(entry: number): void {
    this.#next[this.#previous[entry] ?? NONE] = entry
    this.#previous[this.#next[entry] ?? NONE] = entry
  }

  #link(): void {
    let last = NONE
    for (let entry = 1; entry < this.operationAt.length; entry++) {
      if (this.answerOf[this.operationAt[entry] ?? 0] === NONE) continue
      this.#next[last] = entry
      this.#previous[entry] = last
      last = entry
    }
    this.#next[last] = NONE
    this.#previous[NONE] = last
  }

  #assignSlots(): number {
    const free: number[] = []
    let slots = 0
    for (let entry = 1; entry < this.operationAt.length; entry++) {
      const operation = this.operationAt[entry] ?? 0
      if (this.isAnswer[entry] === 1) free.push(this.slotOf[operation] ?? 0)
      else this.slotOf[operation] = free.pop() ?? slots++
    }
    return slots
  }
}

function momentsOf(history: History<unknown, unknown>): readonly Moment[] {
  const moments = history.flatMap(({ calledAt, answer }, operation): Moment[] => [
    { at: calledAt, operation, isAnswer: false },
    ...(answer === undefined ? [] : [{ at: answer.at, operation, isAnswer: true }]),
  ])
  return moments.toSorted(
    (a, b) => a.at - b.at || Number(a.isAnswer) - Number(b.isAnswer) || a.operation - b.operation,
  )
}
