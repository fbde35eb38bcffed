/**
 * The smallest part of a history that shows that it has no order.
 *
 * Intuition: nobody learns from a proof over three hundred operations. First cut off the end: keep
 * what happened up to the first answer that cannot be explained. Then cut off the beginning: keep so
 * few operations that they contradict each other whatever state the object was in before. Last,
 * leave out each observation that the contradiction does not need. What remains is a handful of lines.
 *
 * Invariants:
 *   C1. Each cut is checked by a search: what is printed has been proven to have no order.
 *   C2. A cut only ever loosens: an operation that was running at a cut may take effect or not, and
 *       the state before it is any that the search could reach. A part is never broken by the cutting.
 *   C3. Where the budget runs out, the last proven part is given: larger, but as true.
 */
import type { Budget } from './budget.ts'
import type { Broken } from './linearizable.ts'
import type { Model } from './model.ts'
import type { History, Operation } from './history.ts'
import { Search } from './search.ts'

/** One operation, for people. */
export interface Line {
  readonly process: string
  readonly calledAt: number
  readonly answeredAt: number | undefined
  readonly text: string
}

/** Operations that contradict each other. */
export interface Counterexample {
  /** The object, where the model has several. */
  readonly key: string | undefined
  /** What cannot be ordered, by moment of call; the answer that breaks it is the last one given. */
  readonly operations: readonly Line[]
  /** What was running before them or has no answer: it may take effect or not, and cannot help. */
  readonly optional: readonly Line[]
  /** What the object could have been before them. */
  readonly before: readonly string[]
}

/** A stretch of a history that has no order from any of the states before it. */
interface Part<State, Input, Output> {
  readonly required: History<Input, Output>
  readonly optional: History<Input, Output>
  readonly before: readonly State[]
}

/** Cuts a broken history down as far as the budget allows. */
export function smallestPart<State, Input, Output>(
  model: Model<State, Input, Output>,
  broken: Broken<Input, Output>,
  budget: Budget,
): Counterexample {
  const prefix = shortestPrefix(model, broken, budget)
  const part = withoutObservations(model, shortestWindow(model, prefix, budget), budget)
  const lineOf = (each: Operation<Input, Output>): Line => ({
    process: each.process,
    calledAt: each.calledAt,
    answeredAt: each.answer?.at,
    text: model.describe(each),
  })
  return {
    key: broken.key,
    operations: part.required.toSorted((a, b) => a.calledAt - b.calledAt).map(lineOf),
    optional: part.optional.map(lineOf),
    before: part.before.map((state) => model.describeState?.(state) ?? model.identity(state)),
  }
}

/** What happened up to the first answer that no order explains. */
function shortestPrefix<State, Input, Output>(
  model: Model<State, Input, Output>,
  { operations, furthest }: Broken<Input, Output>,
  budget: Budget,
): History<Input, Output> {
  const moments = answersOf(operations)
  const isBroken = (count: number): boolean => {
    const prefix = until(operations, moments[count - 1] ?? Infinity)
    return hasNoOrder(model, prefix, [model.initial], budget)
  }
  // The search got past every earlier answer, so no shorter prefix is broken.
  const fewest = Math.max(1, moments.indexOf(furthest?.answer?.at ?? Infinity) + 1)
  const count = isBroken(fewest) ? fewest : least(fewest, moments.length, isBroken)
  return until(operations, moments[count - 1] ?? Infinity)
}

/** The last operations of a broken prefix that are broken by themselves. */
function shortestWindow<State, Input, Output>(
  model: Model<State, Input, Output>,
  prefix: History<Input, Output>,
  budget: Budget,
): Part<State, Input, Output> {
  const search = new Search(model, prefix, { budget })
  const isExplored = search.advance(Infinity) === 'impossible'
  const moments = answersOf(prefix)
  const windowOf = (count: number): Part<State, Input, Output> => {
    const cut = moments[moments.length - count - 1]
    return cut === undefined
      ? splitAt(prefix, -Infinity, [model.initial])
      : splitAt(prefix, cut, search.statesAfter(cut))
  }
  const isBroken = (count: number): boolean => isContradiction(model, windowOf(count), budget)
  if (!isExplored) return windowOf(moments.length)
  let count = 1
  while (count < moments.length && !isBroken(count)) count *= 2
  return windowOf(least(Math.floor(count / 2), Math.min(count, moments.length), isBroken))
}

/** Leaves out, one after the other, the observations that the contradiction does not need. */
function withoutObservations<State, Input, Output>(
  model: Model<State, Input, Output>,
  part: Part<State, Input, Output>,
  budget: Budget,
): Part<State, Input, Output> {
  let kept = part
  for (const each of part.required) {
    if (model.observes?.(each) !== true) continue
    const smaller = { ...kept, required: kept.required.filter((other) => other !== each) }
    if (isContradiction(model, smaller, budget)) kept = smaller
  }
  const optional = kept.optional.filter((each) => model.observes?.(each) !== true)
  return { ...kept, optional }
}

function isContradiction<State, Input, Output>(
  model: Model<State, Input, Output>,
  { required, optional, before }: Part<State, Input, Output>,
  budget: Budget,
): boolean {
  const loosened = optional.map((each) => ({ ...each, answer: undefined }))
  return hasNoOrder(model, [...required, ...loosened], before, budget)
}

function hasNoOrder<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: History<Input, Output>,
  starts: readonly State[],
  budget: Budget,
): boolean {
  return starts.every((start) => {
    const search = new Search(model, history, { budget, start })
    const result = search.advance(Infinity)
    search.forget()
    return result === 'impossible'
  })
}

/** What was called up to a moment; what was answered later has no answer yet. */
function until<Input, Output>(
  history: History<Input, Output>,
  moment: number,
): History<Input, Output> {
  return history
    .filter(({ calledAt }) => calledAt <= moment)
    .map((each) => ((each.answer?.at ?? 0) > moment ? { ...each, answer: undefined } : each))
}

/** What is left of a history after a moment: required if it was called later and answered. */
function splitAt<State, Input, Output>(
  history: History<Input, Output>,
  cut: number,
  before: readonly State[],
): Part<State, Input, Output> {
  const left = history.filter(({ answer }) => answer === undefined || answer.at > cut)
  const { required = [], optional = [] } = Object.groupBy(left, ({ calledAt, answer }) =>
    calledAt > cut && answer !== undefined ? 'required' : 'optional',
  )
  return { required, optional, before }
}

function answersOf(history: History<unknown, unknown>): readonly number[] {
  const moments = history.flatMap(({ answer }) => (answer === undefined ? [] : [answer.at]))
  return [...new Set(moments)].toSorted((a, b) => a - b)
}

/** The least number above `bad` up to `good` that holds, if what holds once holds from there on. */
function least(bad: number, good: number, holds: (count: number) => boolean): number {
  let [below, above] = [bad, good]
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2)
    if (holds(middle)) above = middle
    else below = middle
  }
  return above
}

/** Lines, operations and states that are printed: what fits on a screen. */
const LINES_MAX = 40
const OPTIONAL_MAX = 6
const STATES_MAX = 8
const TEXT_MAX = 60

/** The counterexample in words, line by line. */
export function describeCounterexample(part: Counterexample): readonly string[] {
  const { operations, before, optional } = part
  const last = operations.reduce<Line | undefined>(
    (latest, each) => ((each.answeredAt ?? 0) > (latest?.answeredAt ?? -Infinity) ? each : latest),
    undefined,
  )
  const where = part.key === undefined || part.key === '' ? '' : `key ${part.key}: `
  const many = operations.length === 1 ? 'this answer' : `these ${operations.length} answers`
  return [
    `${where}no order explains ${many}; before, there could be ${statesInWords(before)}`,
    ...operations
      .slice(0, LINES_MAX)
      .map((each) => `  ${lineInWords(each)}${each === last ? '  ← breaks it' : ''}`),
    ...beyond(operations.length, LINES_MAX),
    ...(optional.length === 0 ? [] : [optionalInWords(optional)]),
  ]
}

function lineInWords(line: Line): string {
  const when = `${line.calledAt}–${line.answeredAt ?? '?'}`
  return `${when.padEnd(11)}  process ${line.process.padEnd(3)}  ${clip(line.text)}`
}

function statesInWords(states: readonly string[]): string {
  const shown = states.slice(0, STATES_MAX).map(clip)
  const more = states.length - shown.length
  return more > 0 ? `${shown.join(', ')} or ${more} more` : shown.join(' or ')
}

function optionalInWords(optional: readonly Line[]): string {
  const shown = optional
    .slice(0, OPTIONAL_MAX)
    .map((each) => `${clip(each.text)} (process ${each.process}, since ${each.calledAt})`)
  const more = optional.length - shown.length
  return `  may have taken effect, but would not help: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

function beyond(count: number, max: number): readonly string[] {
  return count > max ? [`  and ${count - max} more`] : []
}

function clip(text: string): string {
  if (text.length <= TEXT_MAX) return text
  // The end of a text that is appended to tells more than its beginning.
  return `${text.slice(0, TEXT_MAX / 2 - 1)}…${text.slice(-TEXT_MAX / 2)}`
}
