/**
 * The words of a benchmark: subjects that are measured, measures that are taken of each.
 *
 * Intuition: a subject is opened once, sampled in every round between its rivals, and closed. One
 * sample gives all measures at once, so that throughput and CPU tell of the same second.
 */

/**
 * What a subject stands for. `floor`: what the machine allows, written by hand without a library.
 * `peer`: a library that a user would choose instead. `variant`: Holdfast in another setting.
 */
export type Role = 'floor' | 'peer' | 'holdfast' | 'variant'

/** One number for each measure, by its name. */
export type Sample = Readonly<Record<string, number>>

/** A subject that is ready to be measured. */
export interface Opened {
  sample(): Promise<Sample>
  close(): Promise<void>
}

/** What is measured beside the others. */
export interface Subject {
  readonly name: string
  readonly role: Role
  /** How much there is of what grows, where that is the question. */
  readonly size?: number
  /** Rejects where the subject is not installed; the run then goes on without it. */
  open(): Promise<Opened>
}

/** One column of the result. */
export interface Measure {
  /** The key of its numbers in a sample. */
  readonly name: string
  readonly unit: string
  readonly better: 'less' | 'more'
  /** False for what a shared machine moves, as the wall clock: shown, never a regression. */
  readonly isCompared: boolean
}

/** One question, and everybody who answers it. */
export interface Bench {
  readonly name: string
  /** What one sample does, as the report says it. */
  readonly question: string
  /** The first one is the headline. */
  readonly measures: readonly [Measure, ...Measure[]]
  readonly subjects: readonly Subject[]
  /** True if every sample has processes of its own: then nothing is warmed up by a round before. */
  readonly isFresh?: boolean
  /** Where five rounds would take a quarter of an hour. @defaultValue 5 */
  readonly rounds?: number
  /** Frees what the subjects have in common, such as a database server. */
  close?(): Promise<void>
}
