/**
 * Unpacks an archive into a folder: what `tar -x` would do, where there may be no `tar`.
 *
 * PGlite could unpack by itself, through the file system that it emulates, in twice the time that the
 * whole start of a database takes.
 *
 * Source: POSIX.1-1988 ustar: blocks of 512 bytes, a header before each file, all numbers octal.
 */
import { closeSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs'
import { join, normalize } from 'node:path'

const BLOCK = 512

/** One file or folder of an archive. */
interface Entry {
  readonly path: string
  readonly isFolder: boolean
  readonly bytes: number
}

/** Unpacks `archive` into `folder`. @throws if an entry would land outside of it */
export function untar(archive: string, folder: string): void {
  const file = openSync(archive, 'r')
  try {
    let offset = 0
    for (;;) {
      const entry = entryOf(blockAt(file, offset, BLOCK))
      if (entry === undefined) return
      offset += BLOCK
      write(join(folder, entry.path), entry, () => blockAt(file, offset, entry.bytes))
      offset += Math.ceil(entry.bytes / BLOCK) * BLOCK
    }
  } finally {
    closeSync(file)
  }
}

function write(target: string, { isFolder }: Entry, content: () => Uint8Array): void {
  if (isFolder) mkdirSync(target, { recursive: true, mode: 0o700 })
  else writeFileSync(target, content(), { mode: 0o600 })
}

/** The entry that a header announces; `undefined` for the empty block that ends the archive. */
function entryOf(header: Buffer): Entry | undefined {
  const field = (from: number, to: number): string =>
    header.toString('utf8', from, to).split('\0')[0]?.trim() ?? ''
  const [name, prefix, type] = [field(0, 100), field(345, 500), field(156, 157)]
  if (name === '') return undefined
  const path = normalize(`./${prefix === '' ? name : `${prefix}/${name}`}`)
  if (path.startsWith('..'))
    throw new Error(`the archive names a file outside of its folder: ${path}`)
  return { path, isFolder: type === '5', bytes: Number.parseInt(field(124, 136), 8) || 0 }
}

function blockAt(file: number, offset: number, bytes: number): Buffer {
  const block = Buffer.alloc(bytes)
  readSync(file, block, 0, bytes, offset)
  return block
}
