/**
 * `holdfast explain EDGE`: what happens to a call over an arrow, stage by stage, with every number and
 * who chose it.
 *
 * Exit codes: 0 explained, 2 there is no such edge.
 */
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { explain, type ExplainedNumber, type ExplainedStage, incoming } from '#edge'
import { HoldfastError } from '#errors'
import type { EdgeOperation, System } from '#model'
import { loadSystem } from './load-system.ts'
import { paint, print, printJson } from './output.ts'

interface ExplainOptions {
  readonly json?: boolean
}

interface ArrowNamed {
  /** `orders>payments.authorize`. */
  readonly name: string
  readonly reference: EdgeOperation
  /** File and line of its declaration, seen from here. */
  readonly at: string | undefined
}

/** Explains the arrows that `name` means: one operation, or all of an edge. */
export async function explainEdge(
  name: string,
  folder: string,
  options: ExplainOptions,
): Promise<void> {
  const system = await loadSystem(folder)
  const all = arrowsOf(system)
  const meant = all.filter((each) => each.name === name || each.name.startsWith(`${name}.`))
  if (meant.length === 0) {
    const edges = [...new Set(all.map((each) => each.name.split('.', 1)[0]))].join(', ')
    throw new HoldfastError('HF_USAGE', {
      detail: `${system.name} has no call edge '${name}'`,
      fix: edges === '' ? 'It has no call edges at all.' : `Its call edges are: ${edges}.`,
    })
  }
  const target = meant[0]?.reference.target ?? ''
  const isForeign = !system.services.some((each) => each.name === target)
  const explained = meant.map(({ name: edge, reference, at }) => {
    return { edge, at, out: explain(reference, { isForeign }) }
  })
  // What a foreign service does with a call is its own affair, and nobody here knows it.
  const hops = isForeign ? [] : incoming
  if (options.json) return printJson({ edges: explained, in: hops.map(nameAndReason) })
  for (const each of explained) printArrow(each)
  print(paint('bold', hops.length > 0 ? `in ${target}, every call` : `${target} is foreign`))
  for (const [index, hop] of hops.entries()) {
    print(`  ${String(index + 1).padStart(2)} ${hop.name}`)
    print(paint('dim', `     ${hop.why}`))
  }
}

function arrowsOf(system: System): readonly ArrowNamed[] {
  return system.services.flatMap((service) =>
    service.uses.flatMap((edge) =>
      Object.entries<unknown>(edge).flatMap(([operation, reference]) =>
        operation === '~edge'
          ? []
          : // Beside its own description an edge holds one reference for each callable operation.
            [
              {
                name: `${service.name}>${edge['~edge'].target}.${operation}`,
                reference: reference as EdgeOperation,
                at: seenFromHere(edge['~edge'].at),
              },
            ],
      ),
    ),
  )
}

function nameAndReason({ name, why }: { readonly name: string; readonly why: string }): object {
  return { name, why }
}

interface Explained {
  readonly edge: string
  readonly at: string | undefined
  readonly out: readonly ExplainedStage[]
}

function printArrow({ edge, at, out }: Explained): void {
  print(paint('bold', edge))
  for (const [index, { name, why, isActive, numbers }] of out.entries()) {
    const off = isActive ? '' : paint('dim', '  not declared')
    print(`  ${String(index + 1).padStart(2)} ${name}${off}`)
    print(paint('dim', `     ${why}`))
    for (const each of numbers) print(`     ${numberText(each, at)}`)
  }
  print('')
}

function numberText({ name, value, from }: ExplainedNumber, at: string | undefined): string {
  const where = at === undefined ? '' : `, ${at}`
  const chosen = from === 'preset' ? `preset${where}` : `declared for the ${from}${where}`
  const told = from === 'default' ? paint('dim', 'default') : chosen
  return `${name.padEnd(32)} ${String(value).padEnd(10)} ${told}`
}

/** `orders/arrows.ts:12`, as an editor can open it from the working directory. */
function seenFromHere(at: string | undefined): string | undefined {
  const [, file, line] = /^(.*):(\d+)$/.exec(at ?? '') ?? []
  if (file === undefined) return undefined
  const path = file.startsWith('file://') ? fileURLToPath(file) : file
  return `${relative(process.cwd(), path)}:${line}`
}
