/**
 * Every bug that is planted.
 */
import type { Bug } from './bug.ts'
import { bugsOfExamples } from './bugs-of-examples.ts'
import { bugsOfHoldfast } from './bugs-of-holdfast.ts'
import { bugsOfSystems } from './bugs-of-systems.ts'

export const bugs: readonly Bug[] = [...bugsOfExamples, ...bugsOfSystems, ...bugsOfHoldfast]
