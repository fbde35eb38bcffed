/**
 * Exchanges words in modules while Node loads them.
 *
 * Invariants:
 *   P1. Words that do not occur exactly once are an error: a bug that was not planted proves nothing.
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Bug, Change } from './bug.ts'

const ROOT = new URL('../../', import.meta.url)

/** Plants the bug into every module that this process loads from now on. */
export function plant({ changes }: Pick<Bug, 'changes'>): void {
  const byUrl = Map.groupBy(changes, ({ file }) => new URL(file, ROOT).href)
  registerHooks({
    load: (url, context, next) => {
      const own = byUrl.get(url)
      const loaded = next(url, context)
      if (own === undefined) return loaded
      return { ...loaded, source: own.reduce(exchanged, readFileSync(fileURLToPath(url), 'utf8')) }
    },
  })
}

/** The text with the change made. @throws if the right words do not occur exactly once (P1). */
export function exchanged(text: string, { file, right, wrong }: Change): string {
  const [before, after, ...more] = text.split(right)
  if (before !== undefined && after !== undefined && more.length === 0)
    return before + wrong + after
  throw new Error(`${file} does not hold exactly once: ${right}`)
}

/** The file as it stands on the disk. */
export function sourceOf({ file }: Change): string {
  return readFileSync(new URL(file, ROOT), 'utf8')
}
