/**
 * The sources of the house as text, and three ways to look at a text: its code, its comments, its
 * imports.
 *
 * Intuition: a rule about code must not trip over a word in a comment, and a rule about comments
 * must not trip over a string. So the text is blanked out, never cut: lines keep their numbers.
 *
 * Rejected: a parser. TypeScript 7 has no JavaScript API, and a second parser would be one more
 * grammar to trust. The one thing that is not seen is code in a template inside a template.
 */
import { globSync, readFileSync } from 'node:fs'

/** One file: its path from the root of the repository, and what it says. */
export interface Source {
  readonly path: string
  readonly text: string
}

/** The files that match, in the order of their paths. Working directory: the repository. */
export function read(...patterns: readonly string[]): readonly Source[] {
  return globSync(patterns, { exclude: ['**/node_modules/**'] })
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
}

const COMMENT = String.raw`\/\*[\s\S]*?\*\/|\/\/[^\n]*`
const QUOTED = String.raw`'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"`
const TEMPLATE = String.raw`${'`'}(?:\\[\s\S]|[^${'`'}\\])*${'`'}`
// A slash begins a regular expression only where no operand stands before it.
const PATTERN = String.raw`(?<=(?:[(,=:[!&|?{};>\n]|\breturn)\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])*\/[dgimsuvy]*`
const TOKEN = new RegExp([COMMENT, QUOTED, TEMPLATE, PATTERN].join('|'), 'g')

/** The code: comments, strings and patterns are blank. */
export function codeOf(text: string): string {
  return text.replace(TOKEN, (token) => (token.startsWith('`') ? holes(token) : blank(token)))
}

/** The code and its strings: only comments are blank. */
export function statementsOf(text: string): string {
  return text.replace(TOKEN, (token) => (isComment(token) ? blank(token) : token))
}

/** The comments: everything else is blank. */
export function commentsOf(text: string): string {
  const parts: string[] = []
  let end = 0
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    parts.push(blank(text.slice(end, index)), isComment(token) ? token : blank(token))
    end = index + token.length
  }
  return parts.join('') + blank(text.slice(end))
}

/** What a file imports or re-exports, statically or not; a string that looks like it is none. */
export function importsOf(text: string): readonly string[] {
  const statements = statementsOf(text)
  return [...codeOf(text).matchAll(/\b(?:from|import)\b/g)].flatMap(({ index }) => {
    const named = /^(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/.exec(statements.slice(index))
    return named?.[1] === undefined ? [] : [named[1]]
  })
}

/** The line, from 1, on which the position stands. */
export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length
}

function isComment(token: string): boolean {
  return token.startsWith('//') || token.startsWith('/*')
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ')
}

/** A template is text with code in its holes: `${…}` stays, the rest is blank. */
function holes(template: string): string {
  const parts = template.split(/(\$\{[^}]*\})/)
  return parts.map((part, index) => (index % 2 === 1 ? part : blank(part))).join('')
}
