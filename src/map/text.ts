/**
 * The map for a terminal: every arrow with what it promises, every path with its numbers.
 *
 * Colour is the caller's: this gives words, and says only which of them matter.
 */
import {
  callPromise,
  entryPromise,
  eventPromise,
  seenCallsText,
  seenEventsText,
  spreadText,
} from './arrow-text.ts'
import type { Demand } from './demand.ts'
import type { Finding } from './finding.ts'
import { ghostsIn } from './ghosts.ts'
import type { HandlerNode } from './graph.ts'
import type { Path } from './path.ts'
import type { Chance } from './reliability.ts'
import type { SystemMap } from './system-map.ts'
import { countText, durationText, listText, plural, shareText } from './units.ts'

/** What a piece of text is, for whoever wants to colour it. */
export type Tone = 'heading' | 'call' | 'event' | 'faint' | Finding['severity']

/** Lays a tone on a text without changing its width. */
export type Paint = (tone: Tone, text: string) => string

const plain: Paint = (_tone, text) => text

/** The map as lines. */
export function textOf(map: SystemMap, paint: Paint = plain): readonly string[] {
  return [
    headline(map, paint),
    ...section('ways in', table(wayRows(map, paint)), paint),
    ...section('calls', table(callRows(map, paint)), paint),
    ...section('events', table(eventRows(map, paint)), paint),
    ...section('paths', table(map.paths.map((path) => pathRow(path, map, paint))), paint),
    ...section('demand', table(map.demands.map(demandRow)), paint),
    ...section('assumed', assumedLines(map), paint),
    ...section(
      'findings',
      map.findings.map((each) => findingText(each, paint)),
      paint,
    ),
  ]
}

function headline({ graph, paths }: SystemMap, paint: Paint): string {
  const foreign = graph.services.filter(({ isForeign }) => isForeign).length
  const counts = [
    plural(graph.services.length - foreign, 'service'),
    ...(foreign > 0 ? [`${foreign} foreign`] : []),
    plural(graph.calls.length, 'call'),
    plural(graph.events.length, 'event'),
    plural(paths.filter(({ isEvent }) => !isEvent).length, 'way') + ' in',
  ]
  return `${paint('heading', graph.system)}  ${paint('faint', counts.join(' · '))}`
}

function section(name: string, lines: readonly string[], paint: Paint): readonly string[] {
  return lines.length === 0 ? [] : ['', paint('heading', name), ...lines.map((each) => `  ${each}`)]
}

/** A row: cells that are aligned, and their tones. The last cell is as long as it is. */
type Row = readonly { readonly text: string; readonly paint?: (text: string) => string }[]

function table(rows: readonly Row[]): readonly string[] {
  const widths: number[] = []
  for (const row of rows)
    for (const [column, { text }] of row.entries())
      widths[column] = Math.max(widths[column] ?? 0, text.length)
  return rows.map((row) =>
    row
      .map(({ text, paint = same }, column) => {
        const gap = column === row.length - 1 ? 0 : (widths[column] ?? 0) - text.length
        return paint(text) + ' '.repeat(gap)
      })
      .join('  '),
  )
}

function same(text: string): string {
  return text
}

function wayRows({ graph, paths }: SystemMap, paint: Paint): readonly Row[] {
  const handlers = new Map(graph.handlers.map((each) => [each.name, each]))
  return paths.flatMap(({ name, isEvent, entrance }): Row[] => {
    const handler = handlers.get(name)
    if (isEvent || handler === undefined) return []
    const promise = `${entrance}; ${entryPromise(handler)}; worst = the caller's deadline`
    return [arrowRow('caller', `==${operationOf(handler)}==>`, handler.service, promise, paint)]
  })
}

function operationOf({ name, service }: HandlerNode): string {
  return name.slice(service.length + 1)
}

function arrowRow(
  source: string,
  arrow: string,
  target: string,
  promise: string,
  paint: Paint,
): Row {
  const tone = arrow.startsWith('~') ? 'event' : 'call'
  const drawn = (text: string): string => paint(tone, text)
  const faint = (text: string): string => paint('faint', text)
  return [
    { text: source },
    { text: arrow, paint: drawn },
    { text: target },
    { text: promise, paint: faint },
  ]
}

function callRows(map: SystemMap, paint: Paint): readonly Row[] {
  const keys = new Map(map.graph.handlers.map(({ name, key }) => [name, key]))
  const declared = map.calls.map((each) => {
    const { name, source, target, operation } = each.arrow
    const promise = callPromise(each, keys.get(`${target}.${operation}`))
    const seen = map.observation?.calls.get(name)
    const said = seen === undefined ? promise : `${promise}; seen: ${seenCallsText(seen)}`
    return arrowRow(source, `==${operation}==>`, target, said, paint)
  })
  return [...declared, ...ghostRows(map, paint)]
}

/** Arrows that were seen and are declared nowhere, dotted. */
function ghostRows({ graph, observation }: SystemMap, paint: Paint): readonly Row[] {
  return ghostsIn(graph, observation).map(({ source, target, operation, count, seen }) => {
    const measured = seen === undefined ? plural(count, 'time') : seenCallsText(seen)
    const said = `GHOST: declared nowhere; seen: ${measured}`
    return arrowRow(source, `..${operation ?? ''}..>`, target, said, paint)
  })
}

function eventRows({ graph, observation, broker }: SystemMap, paint: Paint): readonly Row[] {
  return graph.events.map((each) => {
    const seen = observation?.events.get(each.name)
    const promise = eventPromise(each, broker)
    const said = seen === undefined ? promise : `${promise}; seen: ${seenEventsText(seen)}`
    return arrowRow(each.source, `~~${each.event}~~>`, each.target, said, paint)
  })
}

function pathRow(path: Path, { observation }: SystemMap, paint: Paint): Row {
  const { name, waits, amplification, depth, fanOut, availability, behind } = path
  const facts =
    fanOut.calls === 0
      ? ['waits for nobody']
      : [
          `waits ${durationText(waits.enforcedMs)} at most (${durationText(waits.unenforcedMs)} if deadlines held per attempt)`,
          `amplification ${amplificationText(amplification)}`,
          `depth ${countText(depth.calls)}`,
          ...(fanOut.calls > 1 ? [tailText(fanOut)] : []),
        ]
  const later = behind.length === 0 ? [] : [`behind the outbox: ${listText(behind)}`]
  const spread = observation?.handlers.get(name)
  const seen = spread === undefined ? [] : [`seen: ${spreadText(spread)}, ${spread.count} runs`]
  const said = [...facts, availabilityText(availability), ...later, ...seen].join('; ')
  return [
    { text: name, paint: (text) => paint(path.isEvent ? 'event' : 'call', text) },
    { text: said },
  ]
}

/** `110 requests a second, 121 with retries; it answers 200: margin 1.65`. */
function demandRow(demand: Demand): Row {
  const { service, ratePerSecond, worstPerSecond, capacityPerSecond, margin } = demand
  const room =
    margin === undefined || capacityPerSecond === undefined
      ? ''
      : `; it answers ${countText(capacityPerSecond)}: margin ${countText(margin)}`
  const said = `${countText(ratePerSecond)} requests a second, ${countText(worstPerSecond)} with retries${room}`
  return [{ text: service }, { text: said }]
}

function tailText({ calls, tailShare }: Path['fanOut']): string {
  return `${countText(calls)} calls, so ${shareText(tailShare)} of requests meet the slowest 1 % of one`
}

/** `3 at provider.charge (1.1 each for many)`: what one may become, and what many add up to. */
function amplificationText(amplification: Path['amplification']): string {
  const { product, bounded, down, way, deliveries } = amplification
  const besides = [
    ...(bounded < product ? [`${countText(bounded)} each for many`] : []),
    ...(down < product ? [`${countText(down)} while it is down and says so`] : []),
    ...(deliveries > 1
      ? [`${countText(product * deliveries)} if ${deliveries} deliveries fail`]
      : []),
  ]
  const others = besides.length === 0 ? '' : ` (${besides.join(', ')})`
  return `${countText(product)} at ${way.at(-1) ?? ''}${others}`
}

function availabilityText({
  withFallbacks,
  withoutFallbacks,
  needs,
}: Path['availability']): string {
  const without =
    withoutFallbacks.low < withFallbacks.low
      ? ` (${chanceText(withoutFallbacks)} without fallbacks)`
      : ''
  return `available ${chanceText(withFallbacks)}${without} = ${listText(needs, ' x ')}`
}

function chanceText({ low, high }: Chance): string {
  return low === high ? shareText(low) : `${shareText(low)} to ${shareText(high)}`
}

function assumedLines({ assumed }: SystemMap): readonly string[] {
  const { availabilityDefault, availability, ratePerSecond } = assumed
  const named = Object.entries(availability).map(([name, share]) => `${name} ${shareText(share)}`)
  return [
    `each service, store and foreign service is up ${shareText(availabilityDefault)} of the time, and fails alone`,
    ...(named.length === 0 ? [] : [`but ${named.join(', ')}`]),
    'a handler that may call calls all that its service uses, one after the other, once',
    ...(ratePerSecond === undefined ? [] : [`each way in is used ${ratePerSecond} times a second`]),
  ]
}

const MARKS = { error: '✗', warning: '!', note: '·' } as const

/** A finding in one line. */
export function findingText(
  { code, severity, at, says, fix }: Finding,
  paint: Paint = plain,
): string {
  const place = says.startsWith(at) ? '' : `${at}: `
  return `${paint(severity, `${MARKS[severity]} ${severity} ${code}`)}  ${place}${says}. ${paint('faint', fix)}`
}
