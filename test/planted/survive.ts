/**
 * The right systems, seed after seed: none may fail, or the simulation cries wolf.
 */
import { fileURLToPath } from 'node:url'
import { openPgliteMemory } from '#adapters'
import { simulateEach } from '#sim'
import { loadScenario, loadSystem } from '../../src/cli/load-system.ts'
import { bugs } from './bugs.ts'

/** Runs every system in which a bug is planted, without it, and prints how many seeds it survived. */
export async function survive(only: readonly string[], seeds: number): Promise<void> {
  const folders = new Set(bugs.map(({ folder }) => folder))
  for (const folder of only.length === 0 ? folders : only) {
    const path = fileURLToPath(new URL(`../../${folder}`, import.meta.url))
    // oxlint-disable-next-line no-await-in-loop -- the worlds share databases and globals.
    const failed = await failures(path, seeds)
    if (failed.length > 0) process.exitCode = 1
    console.log(`${failed.length === 0 ? '✓' : '✗'} ${folder}  ${seeds} seeds`)
    for (const each of failed) console.log(`    ${each}`)
  }
}

async function failures(path: string, seeds: number): Promise<readonly string[]> {
  const system = await loadSystem(path)
  const scenario = await loadScenario(path)
  const failed: string[] = []
  for (let seed = 1; seed <= seeds; seed += 1) {
    // oxlint-disable-next-line no-await-in-loop -- as above; and one at a time, nothing piles up.
    const [result] = await simulateEach(system, {
      ...scenario,
      seeds: [seed],
      postgres: openPgliteMemory,
    })
    for (const { check, detail } of result?.violations ?? [])
      failed.push(`seed ${seed}: ${check}: ${detail}`)
  }
  return failed
}
