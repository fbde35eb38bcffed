/**
 * The house is tidy: every rule of STYLE.md that is marked [T] holds, and every rule can be broken.
 *
 * Method: each rule stands in the table with texts that break it and texts that come close and do
 * not. One test asks the house, one asks the rule itself, so that no rule passes by finding nothing.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as rules from './tidy/rules.ts'
import { type Source, codeOf, commentsOf, importsOf, read } from './tidy/source.ts'

const layers = rules.layersOf(readFileSync('ARCHITECTURE.md', 'utf8'))
const code = read(
  'src/**/*.ts',
  'test/**/*.ts',
  'examples/**/*.ts',
  'tools/**/*.ts',
  'bench/**/*.ts',
)
const house = [...code, ...read('*.md', 'docs/**/*.md', '.ci/*', 'bin/*', '.changeset/*')]

/** One file with a good header, so that only what is planted can offend. */
function file(path: string, ...lines: readonly string[]): Source {
  return { path, text: ['/**', ' * A file that was planted here.', ' */', ...lines, ''].join('\n') }
}

interface Trial {
  readonly rule: rules.Rule
  readonly breaks: readonly Source[]
  readonly keeps: readonly Source[]
}

const trials: Readonly<Record<string, Trial>> = {
  'imports point down the layers': {
    rule: rules.importsPointDown(layers),
    breaks: [
      file('src/model/a.ts', "import { host } from '#host'"),
      file('src/saga/a.ts', "import type { Shard } from '#shard'"),
      file('src/cli/a.ts', "await import('#nowhere')"),
    ],
    keeps: [
      file('src/host/a.ts', "export { edge } from '#model'"),
      file('src/state/a.test.ts', "import { pglite } from '#adapters'"),
      file('src/index.ts', "export { start } from '#cli'"),
    ],
  },
  'every folder of src is drawn in ARCHITECTURE.md and has a door': {
    rule: rules.foldersAreDrawn(layers),
    breaks: [file('src/cellar/index.ts'), file('src/model/edge.ts')],
    keeps: [file('src/model/index.ts'), file('src/index.ts')],
  },
  'relative imports stay inside their folder': {
    rule: rules.relativeImportsStayInside,
    breaks: [
      file('src/edge/event/a.ts', "import { edge } from '../../model/edge.ts'"),
      file('src/edge/a.ts', "import { x } from '../index.ts'"),
      file('src/edge/a.test.ts', "import { x } from '../state/inbox.ts'"),
      file('src/index.ts', "export { edge } from './model/edge.ts'"),
    ],
    keeps: [
      file('src/edge/event/a.ts', "import { once } from '../once.ts'"),
      file('src/edge/a.test.ts', "import { x } from '../../test/support/world.ts'"),
      file('src/index.ts', "export { x } from './x.ts'"),
      file('src/sim.ts', "import { x } from './adapters/pglite.ts'"),
    ],
  },
  'a door holds named re-exports and no logic': {
    rule: rules.doorsHoldNoLogic,
    breaks: [
      file('src/edge/index.ts', "export * from './once.ts'"),
      file('src/edge/index.ts', 'export const port = 80'),
      file('src/index.ts', "import './start.ts'"),
    ],
    keeps: [file('src/edge/index.ts', 'export {', '  once, // why', "  type A } from './once.ts'")],
  },
  'third parties are imported in the adapters and the command line only': {
    rule: rules.thirdPartiesStayOutside,
    breaks: [
      file('src/edge/a.ts', "import { Pool } from 'undici'"),
      file('src/observe/a.ts', "const api = await import('@opentelemetry/api')"),
    ],
    keeps: [
      file('src/adapters/a.ts', "import { Pool } from 'undici'"),
      file('src/model/a.test.ts', "import { z } from 'zod'"),
      file('src/model/a.ts', "// import { z } from 'zod'"),
    ],
  },
  'files, sockets and the process are reached in world, host, adapters and cli only': {
    rule: rules.ioStaysAtTheEdge,
    breaks: [
      file('src/state/a.ts', "import { readFileSync } from 'node:fs'"),
      file('src/state/a.ts', 'const url = process.env.DATABASE_URL'),
      file('src/edge/a.ts', 'await fetch(url)'),
      file('src/model/a.ts', 'console.log(edge)'),
      file('src/model/a.ts', 'const line = `${process.pid}`'),
    ],
    keeps: [
      file('src/host/a.ts', "import { readFileSync } from 'node:fs'"),
      file(
        'src/state/a.ts',
        "import { createHash } from 'node:crypto'",
        'work.process.stop()',
        'process.name',
      ),
      file('src/state/a.ts', '// Unlike process.env, this does not change.', "say('fetch(url)')"),
    ],
  },
  'time, timers and randomness come from the World': {
    rule: rules.timeAndChanceComeFromTheWorld,
    breaks: [
      file('src/edge/a.ts', 'const at = Date.now()'),
      file('src/edge/a.ts', 'const at = new Date(0)'),
      file('src/policy/a.ts', 'setTimeout(run, 5)'),
      file('src/policy/a.ts', 'const draw = Math.random'),
      file('src/edge/a.ts', 'const signal = AbortSignal.timeout(5)'),
      file('src/edge/a.ts', 'const id = `${crypto.randomUUID()}`'),
    ],
    keeps: [
      file('src/world/a.ts', 'const at = Date.now()'),
      file('src/sim/a.ts', 'globalThis.setTimeout = later'),
      file('src/edge/a.ts', '/* not Date.now() */ const re = /Date.now()/', "say('Math.random')"),
    ],
  },
  'tests own their time and their network': {
    rule: rules.testsNeverSleep,
    breaks: [
      file('src/edge/a.test.ts', 'await new Promise((resolve) => setTimeout(resolve, 50))'),
      file('test/failures/a.test.ts', "import { setTimeout } from 'node:timers/promises'"),
      file('test/a.test.ts', "import { createServer } from 'node:http'"),
    ],
    keeps: [
      file('test/chaos/a.test.ts', 'setTimeout(kill, 50)'),
      file('test/conformance/a.test.ts', "import { createServer } from 'node:http'"),
      file('src/edge/a.test.ts', 'world.timers.after(50, run)'),
      file('test/a.test.ts', "import { setImmediate } from 'node:timers/promises'"),
    ],
  },
  'a hook around each test stands inside a suite': {
    rule: rules.hooksStandInsideASuite,
    breaks: [file('test/a.test.ts', 'beforeEach(() => clear())')],
    keeps: [file('test/a.test.ts', "describe('a', () => {", '  beforeEach(() => clear())', '})')],
  },
  'a file has at most 400 lines': {
    rule: rules.filesFitTheReader,
    breaks: [file('test/a.test.ts', ...Array.from({ length: 398 }, () => 'x()'))],
    keeps: [file('test/a.test.ts', ...Array.from({ length: 397 }, () => 'x()'))],
  },
  'a source file opens with what it promises': {
    rule: rules.filesOpenWithAPromise,
    breaks: [
      { path: 'src/edge/a.ts', text: "import { x } from './x.ts'\n" },
      { path: 'src/edge/a.ts', text: '/** Edge */\nexport const x = 1\n' },
      { path: 'src/edge/a.ts', text: '// A file that was planted here.\n' },
    ],
    keeps: [file('src/edge/a.ts'), { path: 'src/edge/a.test.ts', text: 'test()\n' }],
  },
  'every export says in a sentence what it gives': {
    rule: rules.exportsAreExplained,
    breaks: [
      file('src/edge/a.ts', '', 'const y = 1', 'export function x(): void {}'),
      file('src/edge/a.ts', '', '/** X */', 'export interface X {}'),
      file('src/edge/a.ts', '/** What x gives. */', 'const y = 1', 'export class X {}'),
    ],
    keeps: [
      file('src/edge/a.ts', 'export const x = 1'),
      file('src/edge/a.ts', '/** Listens here. @throws HF_X */', 'export const x = 1'),
      file(
        'src/edge/a.ts',
        '/** Gives x to all. */',
        'export async function x(): void',
        'export function x(): void {}',
      ),
      file(
        'src/edge/a.ts',
        '/**',
        ' * Gives x',
        ' * to all.',
        ' *',
        ' * @see y',
        ' */',
        'export type X = 1',
      ),
    ],
  },
  'nothing is left unfinished': {
    rule: rules.nothingIsUnfinished,
    breaks: [file('src/edge/a.ts', '// FIXME'), file('test/a.ts', 'x() // TODO: finish')],
    keeps: [file('src/edge/a.ts', '// TODO #12: shorter', "say('FIXME')")],
  },
  'every export has a name': {
    rule: rules.exportsHaveNames,
    breaks: [
      file('test/a.ts', 'export default x'),
      file('src/edge/a.ts', 'export { x as default }'),
    ],
    keeps: [file('src/edge/a.ts', '// export default is banned', 'export const standard = 1')],
  },
  'a file is named after its idea': {
    rule: rules.filesAreNamedAfterAnIdea,
    breaks: [
      file('src/edge/utils.ts'),
      file('test/helpers/a.ts'),
      file('src/edge/pool-manager.ts'),
    ],
    keeps: [
      file('src/edge/commonality.ts'),
      file('src/edge/once.ts'),
      file('docs/failures/shared-database.md'),
    ],
  },
  'no text knows the machine on which it was written': {
    rule: rules.textsKnowNoMachine,
    breaks: [
      file('docs/a.md', ['see ', 'root', 'notes'].join('/')),
      file('src/edge/a.ts', ["const at = '", 'tmp', "x'"].join('/')),
    ],
    keeps: [file('docs/a.md', 'a net/work/path', 'rm /tmp/x')],
  },
}

for (const [sentence, { rule, breaks, keeps }] of Object.entries(trials)) {
  test(sentence, () => {
    assert.equal(rule(house).join('\n'), '')
  })

  test(`what breaks it is found: ${sentence}`, () => {
    for (const each of breaks) assert.notDeepEqual(rule([each]), [], `passed: ${each.text}`)
    for (const each of keeps) assert.deepEqual(rule([each]), [], `offended: ${each.text}`)
  })
}

test('the drawing of the layers has all of them, from errors to cli', () => {
  assert.equal(layers.get('errors'), 0)
  assert.equal(layers.get('map'), layers.get('policy'))
  assert.equal(Math.max(...layers.values()), layers.get('cli'))
})

test('the house that is asked is not empty', () => {
  assert.ok(code.length > 50, `only ${code.length} files were found`)
})

test('a text is seen as code, as comments and as imports without losing its lines', () => {
  const text = [
    "import { a } from './a.ts' // from './b.ts'",
    'const re = /[/\'"]/g, half = total / 2 / n',
    "const url = 'http://host' + `//${Date.now()} ${'`'}`",
    '/* one\n   two */ done()',
  ].join('\n')

  assert.deepEqual(importsOf(text), ['./a.ts'])
  assert.match(codeOf(text), /half = total \/ 2 \/ n/)
  assert.match(codeOf(text), /Date\.now\(\)/)
  assert.doesNotMatch(codeOf(text), /host|two|from '\.\/b/)
  assert.match(commentsOf(text), /from '\.\/b\.ts'[\s\S]*two/)
  assert.doesNotMatch(commentsOf(text), /host|done|Date/)
  assert.equal(codeOf(text).length, text.length)
  assert.equal(commentsOf(text).length, text.length)
})
