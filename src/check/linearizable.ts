/**
 * Linearizability: could all clients have been looking at one object that does one thing at a time?
 *
 * Intuition: look for one instant in each operation's interval such that, taken in the order of these
 * instants, every answer is the one that the model gives. Objects that have nothing to do with each
 * other are judged apart, because a history is linearizable exactly if each object's part is.
 *
 * The parts take turns, each turn twice as long: one part that is hard must not hide the short proof
 * that lies in another.
 *
 * Invariants:
 *   L1. 'linearizable' and 'not linearizable' are proofs; where a bound was hit the answer is 'unknown'.
 *   L2. An operation without an answer is never taken for one that failed.
 *   L3. The answer does not depend on the order in which operations are given.
 *
 * Source: Herlihy & Wing, Linearizability (1990), for locality, too; see search.ts for the search.
 */
import { Budget, type Limits } from './budget.ts'
import { type Counterexample, smallestPart } from './counterexample.ts'
import type { Model } from './model.ts'
import { type History, type Operation, requireHistory } from './history.ts'
import { Search } from './search.ts'

/** What is known of a history after the check. */
export type Linearizability =
  | { readonly verdict: 'linearizable'; readonly operations: number; readonly steps: number }
  | {
      readonly verdict: 'not linearizable'
      readonly part: Counterexample
      readonly operations: number
      readonly steps: number
    }
  | {
      readonly verdict: 'unknown'
      /** The bound that was hit. */
      readonly bound: 'steps' | 'bytes'
      /** The same in words, with the number. */
      readonly reason: string
      readonly operations: number
      readonly steps: number
    }

/** The first turn of each part, in steps: most real histories are done within it. */
const TURN_STEPS = 4_096

/**
 * Judges a history. Time and memory are bounded by `limits`, and twice that with a counterexample.
 *
 * @throws HF_HISTORY_INVALID if the history contradicts itself, effect 'none'.
 * @example
 * const told = [
 *   { process: 'a', calledAt: 0, input: { f: 'write', value: 1 }, answer: { at: 1, output: null } },
 *   { process: 'b', calledAt: 2, input: { f: 'read' }, answer: { at: 3, output: null } },
 * ] as const
 * checkLinearizable(register, told).verdict // 'not linearizable'
 */
export function checkLinearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: History<Input, Output>,
  limits: Limits = {},
): Linearizability {
  requireHistory(history)
  const budget = new Budget(limits)
  const broken = firstBroken(model, history, budget)
  const spent = { operations: history.length, steps: budget.steps }
  if (broken !== undefined)
    return {
      verdict: 'not linearizable',
      part: smallestPart(model, broken, new Budget(limits)),
      ...spent,
    }
  if (budget.exhausted === undefined) return { verdict: 'linearizable', ...spent }
  return { verdict: 'unknown', bound: budget.exhausted, reason: budget.describe(), ...spent }
}

/** A part that has no order, with the answer that no try got past. */
export interface Broken<Input, Output> {
  readonly key: string | undefined
  readonly operations: History<Input, Output>
  readonly furthest: Operation<Input, Output> | undefined
}

/** The first part that has no order; `undefined` if there is none or the budget ran out. */
function firstBroken<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: History<Input, Output>,
  budget: Budget,
): Broken<Input, Output> | undefined {
  let open = [...partsOf(model, history)].map(([key, operations]) => ({
    key,
    operations,
    search: new Search(model, operations, { budget }),
  }))
  for (let steps = TURN_STEPS; open.length > 0 && budget.exhausted === undefined; steps *= 2) {
    const unfinished: typeof open = []
    for (const part of open) {
      const result = part.search.advance(steps)
      if (result === 'unfinished') unfinished.push(part)
      else part.search.forget()
      if (result === 'impossible') return { ...part, furthest: part.search.furthest }
    }
    open = unfinished
  }
  return undefined
}

function partsOf<Input, Output>(
  model: Pick<Model<never, Input, Output>, 'partition'>,
  history: History<Input, Output>,
): ReadonlyMap<string | undefined, History<Input, Output>> {
  return Map.groupBy(history, ({ input }) => model.partition?.(input))
}
