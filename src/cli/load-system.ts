/**
 * Finds what the user wrote: the system in `system.ts`, the scenario in `*.sim.ts`.
 */
import { readdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { HoldfastError } from '#errors'
import type { System } from '#model'
import type { Scenario } from '#sim'

/**
 * The system that a folder declares.
 *
 * @throws HF_SYSTEM_NOT_FOUND (effect none) if there is no file, no export, or the file does not load.
 */
export async function loadSystem(folder: string): Promise<System> {
  const file = await findFile(folder, (name) => /^system\.(ts|js|mjs)$/.test(name), 'system.ts')
  const found = Object.values(await load(file)).find(isSystem)
  if (found !== undefined) return found
  throw new HoldfastError('HF_SYSTEM_NOT_FOUND', {
    detail: `${file} exports no system`,
    fix: `Export one: export const shop = system('shop', { services: [orders] })`,
  })
}

/**
 * The scenario that a folder's `*.sim.ts` exports as `scenario`.
 *
 * @throws HF_SYSTEM_NOT_FOUND (effect none) if there is none.
 */
export async function loadScenario(folder: string): Promise<Scenario> {
  return scenarioIn(
    await findFile(folder, (name) => /\.sim\.(ts|js|mjs)$/.test(name), 'a *.sim.ts file'),
  )
}

/** The same, of this file. */
export async function scenarioIn(file: string): Promise<Scenario> {
  const { scenario } = await load(file)
  if (isScenario(scenario)) return scenario
  throw new HoldfastError('HF_SYSTEM_NOT_FOUND', {
    detail: `${file} exports no scenario`,
    fix: `Export one: export const scenario = { load: (w) => …, settled: { … } }`,
  })
}

async function findFile(
  folder: string,
  fits: (name: string) => boolean,
  wanted: string,
): Promise<string> {
  const path = resolve(folder)
  const names = await readdir(path).catch((cause: unknown) => {
    throw new HoldfastError('HF_SYSTEM_NOT_FOUND', {
      detail: `the folder ${folder} cannot be read`,
      cause,
    })
  })
  const name = names.toSorted().find(fits)
  if (name !== undefined) return join(path, name)
  throw new HoldfastError('HF_SYSTEM_NOT_FOUND', { detail: `there is no ${wanted} in ${folder}` })
}

async function load(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    // A module's namespace is a record of its exports.
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
  } catch (cause) {
    if (cause instanceof HoldfastError) throw cause
    throw new HoldfastError('HF_SYSTEM_NOT_FOUND', {
      detail: `${basename(file)} does not load${placeOf(cause, file)}`,
      fix: 'Correct the file; `node` refuses it, too.',
      cause,
    })
  }
}

/** ` (system.ts:12:3)`: the first frame of an error that lies in user code, if there is one. */
function placeOf(cause: unknown, file: string): string {
  const stack = cause instanceof Error ? (cause.stack ?? '') : ''
  const frame = /file:\/\/\S+?:\d+(?::\d+)?/.exec(stack)?.[0] ?? ''
  const place = frame === '' ? file : frame.slice('file://'.length)
  return ` (${place})`
}

function isSystem(value: unknown): value is System {
  return typeof value === 'object' && value !== null && 'eventEdges' in value && 'services' in value
}

function isScenario(value: unknown): value is Scenario {
  return typeof value === 'object' && value !== null && 'load' in value
}
