/**
 * All experiments, in the order of their numbers. N12 is absent: it is about a client that throttles
 * itself, and our edge has a budget and a circuit instead.
 */
import { attemptsPapers } from './attempts.ts'
import { endpointPapers } from './endpoints.ts'
import { metastablePapers } from './metastable.ts'
import { overloadPapers } from './overload.ts'
import type { Paper } from './paper.ts'

/** The experiments. */
export const papers: readonly Paper[] = [
  ...attemptsPapers,
  ...endpointPapers,
  ...metastablePapers,
  ...overloadPapers,
].toSorted((one, other) => Number(one.id.slice(1)) - Number(other.id.slice(1)))
