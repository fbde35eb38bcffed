/**
 * Rounds: every subject once in each, in an order that turns around.
 *
 * Intuition: a machine that others share drifts. Measured one after the other, the last subject pays
 * for what happened to the machine meanwhile; measured in turns, everybody pays the same.
 *
 * Invariants:
 *   R1. In each round each subject is sampled once; even rounds go backwards.
 *   R2. A round in which a subject failed is a failure of the run, never a gap in its numbers.
 *   R3. Whatever was opened is closed, also if a sample fails.
 */
import { nodeClock } from '#world'
import type { Bench, Opened, Sample, Subject } from './bench.ts'
import type { Noise, NoiseReport } from './noise.ts'

/** Fewer rounds have no median worth the name. */
export const ROUNDS_DEFAULT = 5

/** One subject and its samples, in the order of the rounds. */
export interface Measured {
  readonly subject: Subject
  readonly samples: readonly Sample[]
}

/** What came of all rounds. */
export interface Rounds {
  readonly measured: readonly Measured[]
  /** Subjects that could not be opened, each with the reason. */
  readonly missing: readonly string[]
  readonly noise: NoiseReport
  readonly tookMs: number
}

/** Who looks at the machine between the rounds, and who hears how far the run is. */
export interface Watching {
  readonly noise: Pick<Noise, 'look' | 'report'>
  readonly say: (line: string) => void
}

interface Runner {
  readonly subject: Subject
  readonly opened: Opened
  readonly samples: Sample[]
}

/** Measures in `rounds` rounds; one more goes before them, whose numbers are thrown away, unless each sample is fresh. */
export async function inRounds(
  bench: Bench,
  rounds: number,
  { noise, say }: Watching,
): Promise<Rounds> {
  const startedMs = nodeClock.monotonicMs()
  const runners: Runner[] = []
  const missing: string[] = []
  const warmRounds = bench.isFresh === true ? 0 : 1
  try {
    for (const subject of bench.subjects) {
      // oxlint-disable-next-line no-await-in-loop -- opened side by side, they would warm up unequally.
      const opened = await subject.open().catch((error: unknown) => reason(error))
      if (typeof opened === 'string') missing.push(`${subject.name}: ${opened}`)
      else runners.push({ subject, opened, samples: [] })
    }
    for (let round = 1 - warmRounds; round <= rounds; round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- rounds follow each other.
      await oneRound(runners, round)
      // oxlint-disable-next-line no-await-in-loop -- the machine is looked at while nobody is measured.
      await noise.look()
      say(round === 0 ? `${bench.name}: warm` : `${bench.name}: round ${round} of ${rounds}`)
    }
  } finally {
    await Promise.allSettled(runners.map(({ opened }) => opened.close()))
    await bench.close?.()
  }
  const measured = runners.map(({ subject, samples }) => ({
    subject,
    samples: samples.slice(warmRounds),
  }))
  return { measured, missing, noise: noise.report(), tookMs: nodeClock.monotonicMs() - startedMs }
}

async function oneRound(runners: readonly Runner[], round: number): Promise<void> {
  const order = round % 2 === 0 ? runners.toReversed() : runners
  for (const { subject, opened, samples } of order) {
    // oxlint-disable-next-line no-await-in-loop -- in turns: that is the method.
    samples.push(await opened.sample().catch((error: unknown) => failed(subject, error)))
  }
}

function failed({ name }: Subject, cause: unknown): never {
  throw new Error(`${name} failed in a round: ${reason(cause)}`, { cause })
}

function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split('\n', 1)[0]?.slice(0, 160) ?? 'unknown'
}
