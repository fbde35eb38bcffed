/**
 * `holdfast map --from-otlp FILE`: the map of any system, from an export of its OpenTelemetry traces.
 */
import { readFile, stat } from 'node:fs/promises'
import { HoldfastError } from '#errors'
import { type Paint, readOtlp, type TraceMap, traceMapOf, traceSvgOf, traceTextOf } from '#map'
import { print, printJson, save } from './output.ts'

/** A JSON document is parsed as a whole, and takes a few times its size. */
const BYTES_MAX = 256 * 1_048_576

/** Prints what the traces of a file add up to. */
export async function printTraces(
  file: string,
  { json, svg }: { readonly json?: boolean; readonly svg?: string },
  paint: Paint,
): Promise<void> {
  const map = await traceMapIn(file)
  if (svg !== undefined) await save(svg, traceSvgOf(map))
  if (json) return printJson(map)
  if (svg !== undefined) return print(svg)
  for (const line of traceTextOf(map, paint)) print(line)
}

async function traceMapIn(file: string): Promise<TraceMap> {
  const { size } = await stat(file).catch(unreadable(file))
  if (size > BYTES_MAX) {
    throw new HoldfastError('HF_USAGE', {
      detail: `${file} has ${size} bytes, more than ${BYTES_MAX}`,
      fix: 'Export a shorter time.',
    })
  }
  const text = await readFile(file, 'utf8').catch(unreadable(file))
  return traceMapOf(readOtlp(text, file))
}

function unreadable(file: string): (cause: unknown) => never {
  return (cause) => {
    throw new HoldfastError('HF_USAGE', {
      detail: `${file} cannot be read`,
      fix: 'Name a file that an OpenTelemetry collector wrote with its file exporter, as JSON.',
      cause,
    })
  }
}
