/**
 * Spans of an OpenTelemetry trace export in JSON: one object, or one a line as collectors write it.
 *
 * Promise: a file that is cut off or is something else is refused with the line at which that shows; a
 * picture of half a system is not drawn. A span that lacks what every span has is counted, not guessed.
 *
 * Invariants:
 *   O1. At most `SPANS_MAX` spans are read; a larger export is refused.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 * @see https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/
 */
import { HoldfastError } from '#errors'
import { isObject, type JsonObject } from './json-schema.ts'

/** One piece of work of one service. */
export interface Span {
  /** Unique in the file: trace and span id. */
  readonly id: string
  readonly traceId: string
  /** The same of its parent, whether that is in the file or not. */
  readonly parent: string | undefined
  /** Spans that caused it in another way, as the sending of a message does. */
  readonly links: readonly string[]
  readonly service: string
  readonly name: string
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer'
  readonly startMs: number
  readonly endMs: number
  readonly isFailed: boolean
  /** Attributes that are texts or numbers. */
  readonly attributes: ReadonlyMap<string, string | number>
}

/** The spans of an export, and how many were no spans. */
export interface Export {
  readonly spans: readonly Span[]
  readonly broken: number
}

const SPANS_MAX = 1_000_000

/**
 * Reads an export.
 *
 * @throws HF_TRACES_INVALID (effect none) naming the line that is no JSON, is cut off, or holds no traces.
 */
export function readOtlp(text: string, file: string): Export {
  const spans: Span[] = []
  let broken = 0
  for (const { document, line } of documentsIn(text, file)) {
    for (const each of rawSpans(document, { file, line })) {
      const span = spanOf(each)
      if (span === undefined) broken += 1
      else spans.push(span)
    }
    if (spans.length > SPANS_MAX)
      refuse(file, line, `there are more than ${SPANS_MAX} spans`, 'Export a shorter time.')
  }
  return { spans, broken }
}

interface Place {
  readonly file: string
  readonly line: number
}

/** One document a line, or all lines as one: the first line tells which. */
function* documentsIn(
  text: string,
  file: string,
): Generator<{ readonly document: unknown; readonly line: number }> {
  const lines = text.split('\n')
  const first = lines.findIndex((line) => line.trim() !== '')
  if (first === -1) refuse(file, 1, 'the file is empty')
  const isWhole = parsed(lines[first] ?? '') === undefined
  if (isWhole && lines.slice(first + 1).some((line) => line.trim() !== '')) {
    yield { document: whole(text, file, lines.length), line: first + 1 }
    return
  }
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue
    const found = parsed(line)
    if (found === undefined) refuse(file, index + 1, cutOff(line))
    yield { document: found.document, line: index + 1 }
  }
}

function parsed(text: string): { readonly document: unknown } | undefined {
  try {
    return { document: JSON.parse(text) }
  } catch {
    return undefined
  }
}

function whole(text: string, file: string, lines: number): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const [, line] = /\(line (\d+) column/.exec(String(error)) ?? []
    // An error without a place is the end of the text.
    const at = line === undefined ? lines : Number(line)
    return refuse(file, at, cutOff(text.split('\n')[at - 1] ?? ''), undefined, error)
  }
}

function cutOff(line: string): string {
  const end = line.trimEnd().slice(-30)
  return `it is no JSON, or cut off: it ends in \`${end}\``
}

function rawSpans(document: unknown, { file, line }: Place): readonly unknown[] {
  if (!isObject(document) || !Array.isArray(document['resourceSpans']))
    return refuse(file, line, 'it has no `resourceSpans`', 'Export traces as OTLP in JSON.')
  return document['resourceSpans'].flatMap((resource: unknown) => {
    const service = serviceOf(resource)
    return listIn(resource, 'scopeSpans')
      .flatMap((scope) => listIn(scope, 'spans'))
      .map((span) => (isObject(span) ? { ...span, service } : span))
  })
}

function serviceOf(resource: unknown): string {
  const inner = isObject(resource) ? resource['resource'] : undefined
  const name = isObject(inner) ? attributesOf(inner).get('service.name') : undefined
  return String(name ?? 'unknown_service')
}

function listIn(value: unknown, field: string): readonly unknown[] {
  const found = isObject(value) ? value[field] : undefined
  return Array.isArray(found) ? found : []
}

const KINDS = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'] as const

function spanOf(raw: unknown): Span | undefined {
  if (!isObject(raw)) return undefined
  const { traceId, spanId, parentSpanId, name, service, status } = raw
  const [startMs, endMs] = [millis(raw['startTimeUnixNano']), millis(raw['endTimeUnixNano'])]
  if (!isId(traceId) || !isId(spanId) || !(endMs >= startMs)) return undefined
  const attributes = attributesOf(raw)
  return {
    id: `${traceId}:${spanId}`,
    traceId,
    parent: isId(parentSpanId) ? `${traceId}:${parentSpanId}` : undefined,
    links: listIn(raw, 'links').flatMap(linkOf),
    service: String(service),
    name: typeof name === 'string' ? name : 'unnamed',
    kind: kindOf(raw['kind']),
    startMs,
    endMs,
    isFailed: isObject(status) && [2, 'STATUS_CODE_ERROR'].some((each) => each === status['code']),
    attributes,
  }
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 64
}

function millis(nanos: unknown): number {
  // 64-bit integers are texts in OTLP; a double is exact to a quarter of a microsecond here.
  return typeof nanos === 'string' || typeof nanos === 'number' ? Number(nanos) / 1e6 : Number.NaN
}

/** Kinds are numbers by the specification, and names in what some exporters write. */
function kindOf(kind: unknown): Span['kind'] {
  if (typeof kind === 'number') return KINDS[kind] ?? 'internal'
  const name = String(kind).replace('SPAN_KIND_', '').toLowerCase()
  return KINDS.find((each) => each === name) ?? 'internal'
}

function linkOf(link: unknown): readonly string[] {
  if (!isObject(link)) return []
  const { traceId, spanId } = link
  return isId(traceId) && isId(spanId) ? [`${traceId}:${spanId}`] : []
}

function attributesOf(of: JsonObject): ReadonlyMap<string, string | number> {
  const found = new Map<string, string | number>()
  for (const each of listIn(of, 'attributes')) {
    if (!isObject(each) || !isObject(each['value'])) continue
    const { stringValue, intValue, doubleValue } = each['value']
    const value = stringValue ?? (intValue === undefined ? doubleValue : Number(intValue))
    if (typeof value === 'string' || typeof value === 'number')
      found.set(String(each['key']), value)
  }
  return found
}

function refuse(
  file: string,
  line: number,
  detail: string,
  fix = 'Export the traces again, and copy the file when it is complete.',
  cause?: unknown,
): never {
  throw new HoldfastError('HF_TRACES_INVALID', {
    detail: `${file}, line ${line}: ${detail}`,
    fix,
    cause,
  })
}
