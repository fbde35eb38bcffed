/**
 * All experiments, in the order of their numbers.
 */
import { attemptsPapers } from './attempts.ts'
import { endpointPapers } from './endpoints.ts'
import { metastablePapers } from './metastable.ts'
import { overloadPapers } from './overload.ts'
import type { Paper } from './paper.ts'
import { throttlePapers } from './throttle.ts'

/** The experiments. */
export const papers: readonly Paper[] = [
  ...attemptsPapers,
  ...endpointPapers,
  ...metastablePapers,
  ...overloadPapers,
  ...throttlePapers,
].toSorted((one, other) => Number(one.id.slice(1)) - Number(other.id.slice(1)))
