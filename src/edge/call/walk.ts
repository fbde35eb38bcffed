/**
 * From a list of stages to the one function that a call runs: out through the list, and back again.
 *
 * Intuition: a row of doors. Each door lets the call pass or turns it round, and whoever passed a door
 * passes it again on the way back, so what was taken at a door is given back there. Between two stages
 * that wrap the rest (`around`) all doors are passed in one function: a call pays for one promise where
 * nested functions would pay for one at each door.
 *
 * Invariants:
 *   P1. `back` runs once for each `out` that let the call pass, in the opposite order, also where a
 *       stage below throws.
 *   P2. No stage runs after one that turned the call round, but the ways back.
 */
import { assert } from '#errors'
import type { Clock } from '#world'
import type { Arrow, Back, Ending, Next, Out, Outgoing, Stage, Step } from './arrow.ts'

/** Composes stages for one arrow, so that the first is outermost. */
export function walkThrough(stages: readonly Stage[], arrow: Arrow): Next {
  const steps = stages.flatMap(({ stage }) => stage(arrow) ?? [])
  return composed(steps, arrow.caller.world.clock)
}

function composed(steps: readonly Step[], clock: Clock): Next {
  const doors: Door[] = []
  for (const [index, step] of steps.entries()) {
    if (!('around' in step)) doors.push({ out: step.out ?? passes, back: step.back })
    else return walk(doors, step.around(composed(steps.slice(index + 1), clock)), clock)
  }
  return walk(doors, pastTheEnd, clock)
}

interface Door {
  readonly out: Out
  readonly back: Back | undefined
}

function walk(doors: readonly Door[], next: Next, clock: Clock): Next {
  return async (call) => {
    let passed = 0
    let ending: Ending | undefined
    try {
      for (const { out } of doors) {
        const said = out(call)
        // oxlint-disable-next-line no-await-in-loop -- one door after the other.
        ending = said instanceof Promise ? await said : said
        if (ending !== undefined) break
        passed += 1
      }
      ending ??= await next(call)
    } catch (bug) {
      goBack(doors, passed, call, undefined, clock)
      throw bug
    }
    return goBack(doors, passed, call, ending, clock) ?? ending
  }
}

function goBack(
  doors: readonly Door[],
  passed: number,
  call: Outgoing,
  first: Ending | undefined,
  clock: Clock,
): Ending | undefined {
  const nowMs = clock.monotonicMs()
  let ending = first
  for (let index = passed - 1; index >= 0; index -= 1)
    ending = doors[index]?.back?.(call, ending, nowMs) ?? ending
  return ending
}

function passes(): undefined {
  return undefined
}

function pastTheEnd(): Promise<never> {
  assert(false, 'the last stage of a call ends it')
}
