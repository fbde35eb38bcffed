/**
 * Seeds that failed once: they are written down, and run first from then on.
 *
 * One a line, `scenario, seed, token, what it found`, in `seeds.txt` beside the scenario (kept with the
 * sources, by hand) and in `.holdfast/sim/seeds.txt` (written by the hunt that found them).
 */
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Where a hunt leaves what it found. */
export const FOUND_FOLDER: string = join('.holdfast', 'sim')

/** Seeds that are remembered at most: the latest. */
const SEEDS_MAX = 100

/** The seeds of this scenario that failed before, oldest first, each once. */
export async function regressionSeeds(
  folder: string,
  scenario: string,
): Promise<readonly number[]> {
  const files = [join(folder, 'seeds.txt'), join(FOUND_FOLDER, 'seeds.txt')]
  const texts = await Promise.all(files.map(async (file) => readFile(file, 'utf8').catch(() => '')))
  const seeds = texts
    .flatMap((text) => text.split('\n'))
    .map((line) => line.split(',').map((part) => part.trim()))
    .filter(([name, seed]) => name === scenario && /^\d+$/.test(seed ?? ''))
    .map(([, seed]) => Number(seed))
  return [...new Set(seeds)].slice(-SEEDS_MAX)
}

/** Writes a failing seed down, once. */
export async function remember(found: {
  readonly scenario: string
  readonly seed: number
  readonly token: string
  readonly check: string
}): Promise<void> {
  const { scenario, seed, token, check } = found
  await mkdir(FOUND_FOLDER, { recursive: true })
  const file = join(FOUND_FOLDER, 'seeds.txt')
  const known = await readFile(file, 'utf8').catch(() => '')
  const line = `${scenario}, ${seed}, ${token}, ${check}\n`
  if (!known.includes(`${scenario}, ${seed}, `)) await appendFile(file, line)
}
