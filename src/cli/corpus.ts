/**
 * The corpus: seeds that once showed something new, so that the next hunt begins where this one ended.
 *
 * New is a fault at a place where it had never struck, or a sentence of `sometimes` that had never been
 * true. A few dozen seeds then cover in a minute what an hour had found.
 *
 * Invariants:
 *   C1. A seed is kept only if it adds something to all that were kept before it.
 */
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SeedResult } from '#sim'
import { FOUND_FOLDER } from './regressions.ts'

const FILE = join(FOUND_FOLDER, 'corpus.txt')

/** Seeds of one scenario that are kept at most. */
const SEEDS_MAX = 200

/** The seeds that are kept for a scenario, and what they cover. */
export class Corpus {
  readonly #scenario: string
  readonly #seeds: number[]
  readonly #covered = new Set<string>()

  private constructor(scenario: string, seeds: readonly number[]) {
    this.#scenario = scenario
    this.#seeds = [...seeds]
  }

  /** What earlier hunts kept. Nothing counts as covered until its seed has run again. */
  static async open(scenario: string): Promise<Corpus> {
    const text = await readFile(FILE, 'utf8').catch(() => '')
    const lines = text.split('\n').map((line) => line.split(',').map((part) => part.trim()))
    const own = lines.filter(([name, seed]) => name === scenario && /^\d+$/.test(seed ?? ''))
    return new Corpus(
      scenario,
      [...new Set(own.map(([, seed]) => Number(seed)))].slice(0, SEEDS_MAX),
    )
  }

  get seeds(): readonly number[] {
    return this.#seeds
  }

  /** Takes in what seeds showed, and keeps each of them that showed something new (C1). */
  async add(finished: ReadonlyMap<number, SeedResult>): Promise<void> {
    const lines = [...finished].flatMap(([seed, result]) => this.#linesOf(seed, result))
    if (lines.length === 0) return
    await mkdir(FOUND_FOLDER, { recursive: true })
    await appendFile(FILE, lines.join(''))
  }

  #linesOf(seed: number, result: SeedResult): readonly string[] {
    const fresh = shownBy(result).filter((each) => !this.#covered.has(each))
    for (const each of fresh) this.#covered.add(each)
    const [first] = fresh
    const isKnown = this.#seeds.includes(seed)
    if (first === undefined || isKnown || this.#seeds.length >= SEEDS_MAX) return []
    this.#seeds.push(seed)
    const more = fresh.length === 1 ? '' : ` and ${fresh.length - 1} more`
    return [`${this.#scenario}, ${seed}, ${first}${more}\n`]
  }
}

function shownBy({ faultsFired, operationsStruck, reached }: SeedResult): readonly string[] {
  const struck = faultsFired.map((fault) => fault.replace(/#\d+$/, ''))
  return [...new Set([...struck, ...operationsStruck, ...reached])]
}
