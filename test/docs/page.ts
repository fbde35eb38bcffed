/**
 * A page of documentation as a reader's eye and a compiler see it: headings, links, code.
 */

/** A fenced block of code. `info` is what stands behind the three backticks. */
export interface Block {
  readonly info: string
  readonly line: number
  readonly text: string
}

/** The fenced blocks of a page, in order. */
export function blocksOf(page: string): readonly Block[] {
  return [...page.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map((found) => ({
    info: found[1] ?? '',
    line: page.slice(0, found.index).split('\n').length + 1,
    text: found[2] ?? '',
  }))
}

/** The page without its code, fenced or in a line, in which brackets are no links. */
export function proseOf(page: string): string {
  return page
    .replaceAll(/^```[^\n]*\n[\s\S]*?^```$/gm, (block) => block.replaceAll(/[^\n]/g, ''))
    .replaceAll(/`[^`\n]*`/g, (code) => 'c'.repeat(code.length))
}

/** Where the links and images of a page lead. */
export function linksOf(page: string): readonly string[] {
  return [...proseOf(page).matchAll(/\]\(([^)\s]+)(?:\s"[^"]*")?\)/g)].map(([, to]) => to ?? '')
}

/** The anchors that a page offers: its headings as GitHub makes them. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const fenceless = page.replaceAll(/^```[^\n]*\n[\s\S]*?^```$/gm, '')
  const headings = [...fenceless.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading ?? '')
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

/** The sections of a page by the heading of the second level above them. */
export function sectionsOf(page: string): ReadonlyMap<string, string> {
  const [, ...sections] = page.split(/^## /m)
  return new Map(
    sections.map((section) => {
      const end = section.indexOf('\n')
      return [section.slice(0, end).trim(), section.slice(end + 1)] as const
    }),
  )
}

/** The cells of each row of the tables of a page, headings and rules left out. */
export function rowsOf(page: string): readonly (readonly string[])[] {
  const lines = page.split('\n')
  return lines
    .filter((line, index) => line.startsWith('|') && !isRule(line) && !isRule(lines[index + 1]))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
}

/** The line between the head of a table and its rows. */
function isRule(line: string | undefined): boolean {
  return /^\|[ :|-]+$/.test(line ?? '')
}

/** The bodies of `@example` in the comments of a source, with the line on which each begins. */
export function examplesOf(source: string): readonly Block[] {
  return [...source.matchAll(/^ *\* @example\n((?: *\* (?!@).*\n| *\*\n)+)/gm)].map((found) => ({
    info: 'ts fragment',
    line: source.slice(0, found.index).split('\n').length + 1,
    text: (found[1] ?? '').replaceAll(/^ *\* ?/gm, ''),
  }))
}
