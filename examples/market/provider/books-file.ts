/**
 * The provider's books as a file of JSON lines, safe against `kill -9` and a power cut.
 *
 * Invariants:
 *   F1. A line is on the disk when `append` returns.
 *   F2. A line that a crash cut off was never answered; it is removed when the books open.
 */
import { fsyncSync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { Books, type Line } from './books.ts'

/** Opens the books in `file`, which is made if it is not there. They stay open with the program. */
export function openBooks(file: string): Books {
  mkdirSync(dirname(file), { recursive: true })
  const descriptor = openSync(file, 'a+')
  const text = readFileSync(descriptor, 'utf8')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (whole.length < text.length) truncateSync(file, Buffer.byteLength(whole))
  return new Books(linesOf(whole), (line) => {
    writeSync(descriptor, `${JSON.stringify(line)}\n`)
    fsyncSync(descriptor)
  })
}

function linesOf(text: string): readonly Line[] {
  const lines = text.split('\n').slice(0, -1)
  // Only `append` ever wrote to the file, so each whole line is a `Line`.
  return lines.map((line): Line => JSON.parse(line))
}
