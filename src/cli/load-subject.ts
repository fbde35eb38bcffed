/**
 * Finds what is to be simulated: a declared system, or plain programs and the scenario beside them.
 */
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { HoldfastError } from '#errors'
import { system, type System } from '#model'
import type { Scenario } from '#sim'
import { loadScenario, loadSystem, scenarioIn } from './load-system.ts'

/** What is simulated, and what is asked of it. */
export interface Subject {
  readonly system: System
  readonly scenario: Scenario
  /** Where its scenario lies. */
  readonly folder: string
}

/**
 * The subject that a path means: a folder with a `system.ts` or only a `*.sim.ts`, a `*.sim.ts`, or a
 * program with one beside it.
 *
 * `olderPath` is the folder of an older version of the system, which takes part.
 *
 * @throws HF_SYSTEM_NOT_FOUND (effect none) with a scenario to begin with, if there is none.
 */
export async function loadSubject(path: string, olderPath?: string): Promise<Subject> {
  const subject = await subjectAt(path)
  if (olderPath === undefined) return subject
  return { ...subject, scenario: { ...subject.scenario, older: await loadSystem(olderPath) } }
}

async function subjectAt(path: string): Promise<Subject> {
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  )
  if (isFile) return subjectOfFile(resolve(path))
  // What cannot be read is named by whoever needs it.
  const names = await readdir(path).catch((): string[] => [])
  if (!names.some(isSystem) && names.some(isScenario)) {
    const scenario = await loadScenario(path)
    if (scenario.services !== undefined) {
      const folder = resolve(path)
      return plainSubject(folder, basename(folder), scenario)
    }
  }
  return { system: await loadSystem(path), scenario: await loadScenario(path), folder: path }
}

const isSystem = (name: string): boolean => /^system\.(?:ts|js|mjs)$/.test(name)
const isScenario = (name: string): boolean => /\.sim\.(?:ts|js|mjs)$/.test(name)

async function subjectOfFile(file: string): Promise<Subject> {
  const folder = dirname(file)
  const extension = extname(file)
  const name = basename(file, extension).replace(/\.sim$/, '')
  if (isScenario(file)) return plainSubject(folder, name, await scenarioIn(file))
  const own = `${name}.sim${extension}`
  const names = await readdir(folder)
  if (names.includes(own)) {
    return plainSubject(folder, name, await scenarioIn(join(folder, own)))
  }
  const other = names.some(isScenario) ? await loadScenario(folder) : undefined
  const entries = Object.values(other?.services ?? {}).map(({ entry }) => entry.href)
  if (other !== undefined && entries.includes(pathToFileURL(file).href)) {
    return plainSubject(folder, basename(folder), other)
  }
  throw new HoldfastError('HF_SYSTEM_NOT_FOUND', {
    detail: `nothing says what ${basename(file)} is asked and what must be true of it: there is no ${own}`,
    fix: `Write ${own} beside it. To begin with:\n\n${templateFor(name, basename(file))}`,
  })
}

function plainSubject(folder: string, name: string, scenario: Scenario): Subject {
  return { folder, scenario, system: system(name, { services: [] }) }
}

/** A scenario that runs as it is, and shows where everything goes. */
function templateFor(name: string, file: string): string {
  return [
    "import type { Scenario } from 'holdfast/sim'",
    '',
    'export const scenario: Scenario = {',
    '  services: {',
    `    '${name}': {`,
    `      entry: new URL('./${file}', import.meta.url),`,
    "      // schema: new URL('./schema.sql', import.meta.url),",
    "      // env: { PAYMENTS_URL: 'http://payments' }, // the name of another entry here",
    '    },',
    '  },',
    '  load: (w) =>',
    '    w.many(20, async (n) => {',
    `      await w.request('${name}', { method: 'POST', path: '/', body: { n } })`,
    '    }),',
    '  // always: {',
    "  //   'nothing is charged twice': async ({ sql }) =>",
    `  //     (await sql('${name}')\`select id from charges group by id having count(*) > 1\`).length === 0,`,
    '  // },',
    '}',
  ].join('\n')
}
