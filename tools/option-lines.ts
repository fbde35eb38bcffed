/**
 * `npm run docs:map`, second half: under each example of an edge option stands the line that the map
 * draws for it, so that the documentation shows what the code becomes.
 *
 * Promise: the line is that of the declaration above it, drawn by the map, and not written by hand.
 */
import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { mapOf, textOf } from '#map'
import { contract, type Edge, edge, foreign, service, sql, system } from '#model'
import { payments } from '../test/support/payments.ts'

const PAGE = 'src/model/edge.ts'
const WIDTH_MAX = 100

/** The source of the edge options by its path, every example with its line. */
export function optionPages(): Readonly<Record<string, string>> {
  const text = readFileSync(PAGE, 'utf8')
  return { [PAGE]: withLines(text) }
}

/** The text with a fresh line under each example that declares an edge to `payments`. */
export function withLines(text: string): string {
  return text.replaceAll(
    /^( *\* )(edge\(payments, .*\))\n(?: *\* \/\/ .*\n)*/gm,
    (_, indent: string, code: string) => {
      const lines = wrapped(lineOf(code), WIDTH_MAX - indent.length - '// '.length)
      return [`${indent}${code}`, ...lines.map((each) => `${indent}// ${each}`), ''].join('\n')
    },
  )
}

/** What the map draws for a declaration: the operation that it names, or `authorize`. */
function lineOf(code: string): string {
  // What `edge` was given to make is an edge, or it has thrown.
  const pay = runInNewContext(code, { edge, payments }) as Edge
  const [, operation = 'authorize'] = /ops: \{ (\w+):/.exec(code) ?? []
  const orders = service(contract('orders', {}), sql({ migrations: new URL('file:///orders/') }), {
    uses: [pay],
    handle: {},
  })
  const shop = system('shop', { services: [orders], foreign: [foreign(payments)] })
  const line = textOf(mapOf(shop)).find((each) => each.includes(`==${operation}==>`)) ?? ''
  return line.trim().replaceAll(/ {2,}/g, ' ')
}

/** The parts of a line that fit, each on lines of its own from the second on. */
function wrapped(line: string, width: number): readonly string[] {
  const lines: string[] = []
  for (const part of line.split('; ')) {
    const last = lines.at(-1)
    const joined = last === undefined ? part : `${last}; ${part}`
    if (last === undefined) lines.push(part)
    else if (joined.length < width) lines.splice(-1, 1, joined)
    else lines.splice(-1, 1, `${last};`, `  ${part}`)
  }
  return lines
}
