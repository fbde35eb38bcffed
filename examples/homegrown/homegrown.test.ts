/**
 * What a good engineer writes in an afternoon, what is wrong with it, and that it can be put right.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

interface Report {
  readonly violations: readonly { readonly check: string; readonly detail: string }[]
  readonly told?: { readonly story: readonly string[] }
}

const CLI = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const SEEDS = 20

/** A process of its own, as for a user: Express must not have been loaded before the simulation. */
async function simulated(folder: string): Promise<Report> {
  const cwd = await mkdtemp(join(tmpdir(), 'holdfast-homegrown-'))
  const path = fileURLToPath(new URL(folder, import.meta.url))
  const flags = ['--conditions=holdfast-src', CLI, 'sim', path, '--json', '--workers', '1']
  try {
    const text = await new Promise<string>((resolve) => {
      const maxBuffer = 64 * 1024 * 1024
      execFile(process.execPath, [...flags, '--seeds', `${SEEDS}`], { cwd, maxBuffer }, (_, out) =>
        resolve(out),
      )
    })
    return JSON.parse(text)
  } finally {
    await rm(cwd, { recursive: true })
  }
}

test('the simulation finds each bug of the afternoon, and says on which edge it lies', async () => {
  const { violations, told } = await simulated('.')

  const found = new Map(violations.map(({ check, detail }) => [check, detail]))
  assert.match(
    found.get('a customer who asks twice has one order') ?? '',
    /customer-\d+ has 2 orders/,
  )
  assert.match(found.get('no order is charged twice') ?? '', /has \d charges/)
  assert.match(found.get('every acknowledged order is charged') ?? '', /was never charged/)
  assert.match(told?.story.join(' ') ?? '', /orders/)
})

test('the files that were put right survive the same worlds', async () => {
  const { violations } = await simulated('fixed')

  assert.deepEqual(violations, [])
})
