/**
 * The documents say what is: codes, links, code, words, decisions and the state of each failure.
 *
 * Method: a page is read as text, the truth is read from the sources, and both must be the same.
 * Code: a block marked `ts` is a module of its own and type-checks as a user's file would; a block
 * that begins with `// file: name.ts` is a file to which the other blocks of its page may refer; a
 * block marked `ts fragment`, those of STYLE.md and each `@example` of a source must parse.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path/posix'
import { test } from 'node:test'
import { catalogue } from '#errors'
import manifest from '../package.json' with { type: 'json' }
import {
  type Block,
  anchorsOf,
  blocksOf,
  examplesOf,
  linksOf,
  rowsOf,
  sectionsOf,
} from './docs/page.ts'
import { complaints } from './support/compile.ts'
import { layersOf } from './tidy/rules.ts'
import { type Source, read } from './tidy/source.ts'

const pages = read('*.md', 'docs/**/*.md', 'examples/**/*.md', '.changeset/*.md')
const page = (path: string): string => readFileSync(path, 'utf8')
const errors = page('docs/reference/errors.md')
const codes = Object.entries(catalogue)

test('each error code has a section, and each section a code', () => {
  const sections = [...sectionsOf(errors).keys()]

  assert.deepEqual(
    sections.toSorted(),
    codes.map(([code]) => code).toSorted(),
    `docs/reference/errors.md and src/errors/catalogue.ts differ; a section begins\n${skeleton}`,
  )
})

const skeleton = `## HF_…

Effect \`none\`, status 503: <title>.

**What happened.** …

**Why this effect.** …

**What to do.** <fix>

\`\`\`text
edge: title: the number and the limit
\`\`\``

test('a section says the effect, the status, the title and the way out of its code', () => {
  const wrong = codes.flatMap(([code, { effect, status, title, fix }]) => {
    const section = sectionsOf(errors).get(code) ?? ''
    const wanted = [
      `Effect \`${effect}\`, status ${status}: ${title}.`,
      `**What to do.** ${fix}`,
      `${title}: `,
    ]
    return wanted.filter((text) => !section.includes(text)).map((text) => `${code}: ${text}`)
  })

  assert.deepEqual(wrong, [])
})

test('a section tells what happened, why it has its effect, and shows a message', () => {
  const poor = codes.flatMap(([code]) => {
    const section = sectionsOf(errors).get(code) ?? ''
    const told = /\*\*What happened\.\*\* .{10,}[\s\S]*\*\*Why this effect\.\*\* .{10,}/.test(
      section,
    )
    const shown = blocksOf(section).length === 1 && !section.includes('…')
    return told && shown ? [] : [code]
  })

  assert.deepEqual(poor, [])
})

test('links lead to files and headings that exist', () => {
  assert.deepEqual(pages.flatMap(deadLinks), [])
})

function deadLinks({ path, text }: Source): readonly string[] {
  const local = linksOf(text).filter((link) => !/^(https?|mailto):/.test(link))
  return local.flatMap((link) => {
    const [file = '', anchor] = link.split('#')
    const target = file === '' ? path : join(dirname(path), file)
    if (!existsSync(target)) return [`${path}: no file at ${link}`]
    if (anchor === undefined || anchorsOf(page(target)).has(anchor)) return []
    return [`${path}: no heading at ${link}`]
  })
}

test('paths of sources that a page names exist', () => {
  const lost = pages
    .filter(({ path }) => /^(README|ARCHITECTURE|CONTRIBUTING|docs\/(start|glossary))/.test(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/`((?:src|test|docs|examples|tools)\/[\w/-]+\.(?:ts|md))`/g)]
        .map(([, named]) => named ?? '')
        .filter((named) => !existsSync(named))
        .map((named) => `${path}: ${named}`),
    )

  assert.deepEqual(lost, [])
})

test('npm scripts that a page names exist', () => {
  const lost = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/npm run ([\w:-]+)/g)]
      .filter(([, name = '']) => !(name in manifest.scripts))
      .map(([command]) => `${path}: ${command}`),
  )

  assert.deepEqual(lost, [])
})

test('the README fits on a few screens', () => {
  const lines = page('README.md').trimEnd().split('\n').length

  assert.ok(lines <= 120, `README.md has ${lines} lines, at most 120`)
})

test('code in documents compiles, and examples in comments parse', () => {
  const examples = read('src/**/*.ts').flatMap(({ path, text }) =>
    examplesOf(text).map((each) => [`${path}/line-${each.line}.ts`, fragment(each)] as const),
  )
  const files = Object.fromEntries([...pages.flatMap(filesOf), ...examples])

  const found = complaints('docs', files)

  assert.deepEqual(
    found.map(({ file, line, message }) => `${file}:${line}: ${message}`),
    [],
  )
})

/** Each page has a folder of its own, so that its blocks may import each other and nobody else's. */
function filesOf({ path, text }: Source): readonly (readonly [string, string])[] {
  return blocksOf(text)
    .filter(({ info }) => /^ts( fragment)?$/.test(info))
    .map((block) => {
      const [, name] = /^\/\/ file: ([\w./-]+\.ts)$/m.exec(block.text) ?? []
      const isFragment = block.info !== 'ts' || path === 'STYLE.md'
      const file = `${path.replace(/\.md$/, '')}/${name ?? `line-${block.line}.ts`}`
      return [file, isFragment ? fragment(block) : block.text] as const
    })
}

/** What stands around a fragment is left to the reader, so only its grammar is checked. */
function fragment({ text }: Block): string {
  return `// @ts-nocheck\n${text}\nexport {}\n`
}

test('a block of code that does not compile is found, and one that is a fragment must parse', () => {
  const wrong = [
    '```ts',
    "export const three: string = 'three'",
    'export const four: string = 4',
    '```',
  ]
  const partial = ['```ts fragment', 'const five: string = missing', '```']
  const broken = ['```ts fragment', 'const = 6', '```']

  assert.deepEqual(faultsIn(...wrong, ...partial), ['page/line-2.ts:2'])
  assert.deepEqual(faultsIn(...partial, ...broken), ['page/line-5.ts:2'])
})

function faultsIn(...lines: readonly string[]): readonly string[] {
  const files = Object.fromEntries(filesOf({ path: 'page.md', text: lines.join('\n') }))
  return [...new Set(complaints('planted', files).map(({ file, line }) => `${file}:${line}`))]
}

test('every folder of src has its word in the glossary, and every folder named there is drawn', () => {
  const glossary = page('docs/glossary.md')
  const named = [...glossary.matchAll(/`src\/([a-z]+)`/g)].map(([, folder]) => folder ?? '')
  const drawn = layersOf(page('ARCHITECTURE.md'))
  const built = new Set(read('src/*/*.ts').map(({ path }) => path.split('/')[1] ?? ''))

  assert.deepEqual(
    named.filter((folder) => !drawn.has(folder)),
    [],
  )
  assert.deepEqual(
    [...built].filter((folder) => !named.includes(folder)),
    [],
  )
})

test('every decision is listed, has all its parts, and every decision that is cited exists', () => {
  const decisions = read('docs/adr/0*.md')
  const index = page('docs/adr/README.md')
  const cited = read('src/**/*.ts', 'test/**/*.ts', 'examples/**/*.ts', '*.md', 'docs/**/*.md')
    .flatMap(({ text }) => [...text.matchAll(/\bADR (\d{4})\b/g)])
    .map(([, number]) => number ?? '')

  const parts = ['**Context.**', '**Decision.**', '**Alternatives.**', '**Consequences.**']
  const poor = decisions.filter(
    ({ path, text }) =>
      !index.includes(`(${path.slice('docs/adr/'.length)})`) ||
      ![...parts, '**How we would notice that it was wrong.**'].every((part) =>
        text.replaceAll(/\s+/g, ' ').includes(part),
      ),
  )
  const lost = cited.filter((number) => !decisions.some(({ path }) => path.includes(`/${number}-`)))

  assert.deepEqual(
    poor.map(({ path }) => path),
    [],
  )
  assert.deepEqual([...new Set(lost)], [])
})

test('the table of failures claims what stands behind it, and no more', () => {
  const wrong = rowsOf(page('docs/failures/README.md'))
    .filter(([id = '']) => /^[A-Z]\d+$/.test(id))
    .flatMap(([id, cell = '', , state]) => {
      const name = /[a-z0-9-]+/.exec(cell)?.[0] ?? ''
      const wanted = stateOf(name)
      const link = wanted === 'explained' ? `[${name}](${name}.md)` : name
      return state === wanted && cell === link ? [] : [`${id}: write ${link} | … | ${wanted}`]
    })

  assert.deepEqual(wrong, [])
})

function stateOf(name: string): 'planned' | 'shown' | 'explained' {
  if (!existsSync(`test/failures/${name}.test.ts`)) return 'planned'
  return existsSync(`docs/failures/${name}.md`) ? 'explained' : 'shown'
}

test('every page and test of a failure stands in the table', () => {
  const names = rowsOf(page('docs/failures/README.md')).map(
    ([, cell = '']) => /[a-z0-9-]+/.exec(cell)?.[0],
  )
  const files = [...read('test/failures/*.test.ts'), ...read('docs/failures/*.md')]
    .map(({ path }) => path.replace(/^.*\/|(\.test\.ts|\.md)$/g, ''))
    .filter((name) => name !== 'README')

  assert.deepEqual(
    files.filter((name) => !names.includes(name)),
    [],
  )
})

test('each mutant names a test that exists', () => {
  const tests = read(
    'src/**/*.test.ts',
    'test/**/*.test.ts',
    'test/conformance/*-suite.ts',
    'bench/method/*.test.ts',
  ).map(({ text }) => text)
  const named = page('docs/mutants.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && line.includes('`'))
    .map((line) => /`([^`]+)` +\|$/.exec(line)?.[1] ?? line)
  const unknown = named.filter((name) => !tests.some((each) => each.includes(name)))

  assert.ok(named.length > 0)
  assert.deepEqual(unknown, [])
})
