/**
 * The template that new embedded databases are unpacked from: made once, shared by all services.
 *
 * Invariants:
 *   T1. However many databases are opened for the first time at once, in this process or in others,
 *       `initdb` runs once; nobody waits for it for longer than `TEMPLATE_MS_MAX`.
 *   T2. A template belongs to the version of PGlite that made it.
 */
import { mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isHoldfastError } from '#errors'
import { nodeClock, nodeTimers, sleep } from '#world'
import { FileLock } from './file-lock.ts'
import { pack } from './pglite-engine.ts'

/** Ten times what `initdb` takes on a slow machine. Whoever waited longer runs it himself. */
const TEMPLATE_MS_MAX = 30_000

const POLL_MS = 25

/** The template in the folder, made if it is missing; `undefined` if nobody made one in time. */
export async function templateIn(
  folder: string,
  thread: 'own' | 'main',
): Promise<string | undefined> {
  await mkdir(folder, { recursive: true })
  const template = join(folder, `pglite-${await version()}.template`)
  const startedMs = nodeClock.monotonicMs()
  while (nodeClock.monotonicMs() - startedMs < TEMPLATE_MS_MAX) {
    if (await exists(template)) return template
    const lock = takeIfFree(`${template}.lock`)
    if (lock === undefined) await sleep(nodeTimers, POLL_MS)
    else await packUnder(lock, template, thread)
  }
  return undefined
}

async function packUnder(lock: FileLock, template: string, thread: 'own' | 'main'): Promise<void> {
  try {
    // Whoever had the lock before may have made it since we looked.
    if (!(await exists(template))) await pack(template, thread)
  } finally {
    lock.release()
  }
}

function takeIfFree(path: string): FileLock | undefined {
  try {
    return FileLock.take(path)
  } catch (error) {
    if (isHoldfastError(error, 'HF_DB_IN_USE')) return undefined
    throw error
  }
}

async function version(): Promise<string> {
  const manifest = new URL('../package.json', import.meta.resolve('@electric-sql/pglite'))
  const { version: text }: { readonly version: string } = JSON.parse(
    await readFile(manifest, 'utf8'),
  )
  return text
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
