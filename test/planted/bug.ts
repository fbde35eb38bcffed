/**
 * A planted bug: a system that is right, and the few words that make it wrong.
 *
 * Nothing wrong lies on the disk. The words are exchanged while Node loads the module (`plant.ts`), so
 * the framework itself can be made wrong as easily as an example, and the same system without the
 * exchange is the proof that the simulation does not cry wolf.
 */

/** Words in a file, and what is to stand there instead. */
export interface Change {
  /** From the root of the repository. */
  readonly file: string
  /** Occurs exactly once in the file. */
  readonly right: string
  readonly wrong: string
}

/** One bug. */
export interface Bug {
  readonly name: string
  /** What somebody did, in one sentence. */
  readonly what: string
  /** A folder with a system and a scenario, from the root of the repository. */
  readonly folder: string
  readonly changes: readonly Change[]
}
