/**
 * The house rules that neither linter nor compiler can say, as pure functions over texts.
 *
 * Promise: a rule takes sources and gives its offenders, each as `path:line: what instead`. A rule
 * reads no disk, so the test plants an offence in a string and sees that the rule finds it.
 *
 * The simulator can promise determinism only for code that asks the `World` for time, randomness
 * and I/O. The rules about that are safety properties of the product, not matters of taste.
 *
 * Source: STYLE.md; the layers are read from ARCHITECTURE.md, so that drawing and test are one.
 */
import { dirname, join } from 'node:path/posix'
import { type Source, codeOf, commentsOf, importsOf, lineAt, statementsOf } from './source.ts'

/** Finds what breaks one rule. */
export type Rule = (sources: readonly Source[]) => readonly string[]

/** Folder of `src` to its line in the drawing; 0 is the lowest. */
export type Layers = ReadonlyMap<string, number>

const isTest = ({ path }: Source): boolean => path.endsWith('.test.ts')
const folderOf = ({ path }: Source): string => /^src\/([^/]+)\//.exec(path)?.[1] ?? ''
const isDoor = ({ path }: Source): boolean => /^src\/([^/]+\/)?index\.ts$/.test(path)

/** The layers as ARCHITECTURE.md draws them: rows of a table whose first cell holds `folders`. */
export function layersOf(architecture: string): Layers {
  const rows = [...architecture.matchAll(/^\| ((?:`[a-z]+`[ ,]*)+)\|/gm)]
  return new Map(
    rows.flatMap(([, cell = ''], line) =>
      [...cell.matchAll(/`([a-z]+)`/g)].map(([, folder = '']) => [folder, line] as const),
    ),
  )
}

/** Imports point down the layers; folders on one line never import each other. */
export function importsPointDown(layers: Layers): Rule {
  return eachImport((source, name) => {
    const [from, to] = [folderOf(source), name.slice(1)]
    if (isTest(source) || from === '' || !name.startsWith('#')) return undefined
    const [own, other] = [layers.get(from), layers.get(to)]
    if (own === undefined) return `ARCHITECTURE.md does not draw ${from}`
    if (other === undefined) return `ARCHITECTURE.md does not draw ${to}`
    return other < own ? undefined : `${from} stands below or beside ${to}, it may not import it`
  })
}

/** Every folder of `src` is drawn and has a door; that of the program on top is its `main.ts`. */
export function foldersAreDrawn(layers: Layers): Rule {
  return (sources) => {
    const folders = [...new Set(sources.map(folderOf))].filter((folder) => folder !== '')
    const doors = new Set(
      sources
        .filter((source) => isDoor(source) || source.path === 'src/cli/main.ts')
        .map(({ path }) => dirname(path)),
    )
    return folders.flatMap((folder) => [
      ...(layers.has(folder) ? [] : [`src/${folder}: ARCHITECTURE.md does not draw it`]),
      ...(doors.has(`src/${folder}`) ? [] : [`src/${folder}: has no index.ts, its only door`]),
    ])
  }
}

/**
 * Relative imports never leave their folder of `src`. The package's doors, `src/*.ts`, may take one
 * adapter at a time: through the folder's door, a user would load every optional engine.
 */
export const relativeImportsStayInside: Rule = eachImport((source, name) => {
  if (!name.startsWith('.') || !source.path.startsWith('src/')) return undefined
  const target = join(dirname(source.path), name)
  if (isTest(source) && target.startsWith('test/support/')) return undefined
  const isInside =
    folderOf(source) === ''
      ? dirname(target) === 'src' || dirname(target) === 'src/adapters'
      : target.startsWith(`src/${folderOf(source)}/`)
  return isInside ? undefined : `write #folder instead of ${name}`
})

/** A door holds named re-exports and nothing else. */
export const doorsHoldNoLogic: Rule = (sources) =>
  sources.filter(isDoor).flatMap(({ path, text }) => {
    const rest = statementsOf(text).replaceAll(/export (?:type )?\{[^}]*\} from '[^']+'/g, '')
    const [found] = rest.trim().split('\n')
    return found === '' ? [] : [`${path}: a door only re-exports by name, this does more: ${found}`]
  })

/** Node's modules that compute and reach nothing. */
const PURE = /^node:(assert(\/strict)?|async_hooks|buffer|crypto|events|path(\/posix)?|url|util)$/

/** Third parties are named in the adapters, the console's page and the command line only. */
export const thirdPartiesStayOutside: Rule = eachImport((source, name) => {
  const isForeign = !/^(\.|#|node:)/.test(name)
  const mayName = /^src\/(adapters|cli|console\/app)\//.test(source.path)
  if (!isForeign || isTest(source) || mayName || !source.path.startsWith('src/')) return undefined
  return `only src/adapters and src/cli may import ${name}`
})

/** The process, its files and its sockets are reached in four folders, and where they are patched. */
export const ioStaysAtTheEdge: Rule = (sources) => {
  const inner = inSource(sources).filter(
    ({ path }) => !/^src\/((world|host|adapters|cli)\/|sim\/patch)/.test(path),
  )
  const reach = eachImport((_, name) =>
    name.startsWith('node:') && !PURE.test(name) ? `pass ${name} through the World` : undefined,
  )
  return [
    ...reach(inner),
    ...matches(inner, codeOf, REACHING, 'only world, host, adapters and cli'),
  ]
}

/** Node's own process, not a simulated one: a variable of that name has none of these. */
const PROCESS =
  'env|argv|exit|exitCode|cwd|pid|std(?:in|out|err)|on|once|kill|memoryUsage|uptime|emitWarning'
const REACHING = new RegExp(
  String.raw`(?<![.\w'#-])(?:process\.(?:${PROCESS})\b|fetch\(|WebSocket\b|console\.(?:log|error|warn|info)\()`,
  'g',
)

/** Time, timers and randomness come from the `World`; the simulation may name what it replaces. */
export const timeAndChanceComeFromTheWorld: Rule = (sources) =>
  matches(
    inSource(sources).filter(({ path }) => !/^src\/(world|sim)\//.test(path)),
    codeOf,
    new RegExp(
      [
        String.raw`\bDate\.|\bnew Date\b|\bDate\(|\bperformance\.|\bhrtime\b|\bAbortSignal\.timeout\b`,
        String.raw`\b(?:set(?:Timeout|Interval|Immediate)|nextTick)\b`,
        String.raw`\bMath\.random\b|\brandom(?:UUID|Bytes|Int|FillSync)\b|\bgetRandomValues\b`,
      ].join('|'),
      'g',
    ),
    'ask the World',
  )

/**
 * Tests own their time and their network, but for those whose subject is the real one. A turn of the
 * event loop (`setImmediate`) is no sleep: it waits for work, not for time.
 */
export const testsNeverSleep: Rule = (sources) => {
  const tests = sources.filter(
    (source) => isTest(source) && !/^test\/(chaos|conformance)\/|^src\/sim\//.test(source.path),
  )
  const reach = eachImport((_, name) =>
    /^(node:(net|https?|dgram|tls)|undici)$/.test(name)
      ? `${name} is for test/chaos and test/conformance`
      : undefined,
  )
  const named =
    /(?<![.\w])(?:set(?:Timeout|Interval)|scheduler\.wait|fetch\(|AbortSignal\.timeout)/g
  return [...reach(tests), ...matches(tests, codeOf, named, 'give the test a World of its own')]
}

/** All test files share one process, so a hook at the root of one runs around every test of all. */
export const hooksStandInsideASuite: Rule = (sources) =>
  matches(sources.filter(isTest), codeOf, /^(?:before|after)Each\(/gm, 'put it into a `describe`')

/** Longest file, in lines: what a reader holds in mind. */
const LINES_MAX = 400

/** A file is short enough to be read. */
export const filesFitTheReader: Rule = (sources) =>
  sources
    .filter(({ path }) => path.endsWith('.ts'))
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > LINES_MAX)
    .map(({ path, lines }) => `${path}: ${lines} lines, at most ${LINES_MAX}`)

/** A file opens with what it promises. */
export const filesOpenWithAPromise: Rule = (sources) =>
  inSource(sources)
    .filter(({ text }) => !isProse(/^\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? ''))
    .map(({ path }) => `${path}:1: begin with a header comment that says what is promised`)

/** Every export says in a sentence what the caller gets; an overload shares its first one's. */
export const exportsAreExplained: Rule = (sources) =>
  inSource(sources).flatMap(({ path, text }) => {
    const explained = new Set<string>()
    return [...text.matchAll(EXPORT)].flatMap(({ 1: doc = '', 2: name = '', index, 0: all }) => {
      if (explained.has(name)) return []
      explained.add(name)
      const line = lineAt(text, index + all.length)
      return isProse(doc) ? [] : [`${path}:${line}: say in a sentence what ${name} gives`]
    })
  })

const KIND = 'function|class|abstract class|interface|const|type'
const EXPORT = new RegExp(
  String.raw`(?:/\*\*((?:(?!\*/)[\s\S])*)\*/\s*\n)?^export (?:async )?(?:${KIND})\*? ([\w$]+)`,
  'gm',
)

/** No unfinished work is left in a comment; one with the number of an issue is a plan. */
export const nothingIsUnfinished: Rule = (sources) =>
  matches(sources, commentsOf, /\bFIXME\b|\bTODO\b(?! ?\(?#\d)/g, 'finish it or name the issue')

/** Names of exports are the same everywhere: none is called `default`. */
export const exportsHaveNames: Rule = (sources) =>
  matches(sources, codeOf, /\bexport default\b|\bas default\b/g, 'export it by its name')

/** A file is named after its one idea, not after having had none. A shared database is one: S5. */
export const filesAreNamedAfterAnIdea: Rule = (sources) =>
  sources
    .filter(({ path }) =>
      /(^|[/-])(utils?|helpers?|common|misc|managers?|shared(?!-database\.))(-|\/|\.)/.test(path),
    )
    .map(({ path }) => `${path}: name the idea that it holds`)

/** No text knows the machine on which it was written. */
export const textsKnowNoMachine: Rule = (sources) => [
  ...matches(sources, whole, /(?<![\w.])\/(?:work|root|home)\/\w/g, 'write a path from the root'),
  ...matches(inSource(sources), whole, /(?<![\w.])\/tmp\//g, 'ask the system for its folder'),
]

function whole(text: string): string {
  return text
}

function inSource(sources: readonly Source[]): readonly Source[] {
  return sources.filter((source) => source.path.startsWith('src/') && !isTest(source))
}

/** A sentence: at least two words, closed by a mark before the first empty line or tag. */
function isProse(doc: string): boolean {
  const text = doc.replaceAll(/^\s*\* ?/gm, '').trim()
  const first = text.split(/\n\s*\n|\s@\w/)[0]?.trim() ?? ''
  return first.split(/\s+/).length >= 2 && /[.:?!][`')]?$/.test(first)
}

function eachImport(fault: (source: Source, name: string) => string | undefined): Rule {
  return (sources) =>
    sources.flatMap((source) =>
      importsOf(source.text).flatMap((name) => {
        const found = fault(source, name)
        return found === undefined ? [] : [`${source.path}: imports ${name}: ${found}`]
      }),
    )
}

function matches(
  sources: readonly Source[],
  view: (text: string) => string,
  banned: RegExp,
  instead: string,
): readonly string[] {
  return sources.flatMap(({ path, text }) =>
    [...view(text).matchAll(banned)].map(
      ({ 0: found, index }) => `${path}:${lineAt(text, index)}: ${found.trim()}: ${instead}`,
    ),
  )
}
