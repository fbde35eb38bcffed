/**
 * Opens PGlite, in whatever thread this runs. Imports nothing of Holdfast, so that a worker thread
 * starts with as little as possible.
 *
 * A new database begins as the unpacked template, which is what `initdb` leaves behind: running `initdb`
 * itself in WebAssembly takes seconds, unpacking its result a fraction of one.
 */
import { existsSync, mkdirSync, openAsBlob, renameSync, rmSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { untar } from './untar.ts'

/** What to open. */
export interface Place {
  /** Holds everything of the database; in memory if absent. */
  readonly directory: string | undefined
  /** The packed result of `initdb`; `initdb` is run if absent. */
  readonly template: string | undefined
}

/** A database that is open, as far as its adapter needs it. */
export interface OpenPglite {
  /** One write of the PostgreSQL protocol, and everything that the database answers to it. */
  execProtocolRaw(bytes: Uint8Array): Promise<Uint8Array>
  close(): Promise<void>
}

/** Opens the database; creates it if it is new. */
export async function openPglite({ directory, template }: Place): Promise<OpenPglite> {
  if (directory === undefined) return create(undefined, template)
  const files = join(directory, 'data')
  if (template !== undefined && !existsSync(files)) unpack(template, files)
  return create(files, undefined)
}

/** All or nothing: the files get their name when all of them are there. */
function unpack(template: string, files: string): void {
  const partial = `${files}.partial`
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(partial, { recursive: true, mode: 0o700 })
  untar(template, partial)
  renameSync(partial, files)
}

/** Runs `initdb` and packs the result, all or nothing. */
export async function packTemplate(target: string): Promise<void> {
  const database = await PGlite.create({ initDbStartParams: SEGMENTS })
  const packed = await database.dumpDataDir('none')
  await database.close()
  await mkdir(dirname(target), { recursive: true })
  const partial = `${target}.${process.pid}.partial`
  await writeFile(partial, packed.stream())
  await rename(partial, target)
}

/** Log segments of 1 MB instead of 16 MB: a fresh database is then 23 MB instead of 39 MB. */
const SEGMENTS = ['--wal-segsize=1']

async function create(
  files: string | undefined,
  template: string | undefined,
): Promise<OpenPglite> {
  return PGlite.create({
    initDbStartParams: SEGMENTS,
    ...(files === undefined ? {} : { dataDir: files }),
    ...(template === undefined ? {} : { loadDataDir: await openAsBlob(template) }),
  })
}
