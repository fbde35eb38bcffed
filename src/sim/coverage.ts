/**
 * Which faults struck where: what a hunt has tried, and what it never did.
 *
 * "payments never lost an answer in your tests" is worth more than a thousand green seeds that lost none.
 *
 * Invariants:
 *   O1. Every place that could have been struck is listed, with a zero for what never happened to it.
 *   O2. What strikes a message or a link between two instances counts for the edge between their services.
 */
import type { FaultKind } from './fault.ts'

/** How often each kind of fault struck one place. */
export interface Struck {
  /**
   * An operation `payments.charge` or `inventory<orders.placed`, an edge `orders>payments`, a process
   * `payments`, or a database `db:payments`.
   */
  readonly place: string
  readonly faults: Readonly<Record<string, number>>
}

const OF_MESSAGES = [
  'loss',
  'lost-answer',
  'duplicate',
  'delay',
  'refused',
  'reset',
  'corrupted-answer',
] as const

/** Where the kinds of fault strike. Only clients leave. */
const KINDS_OF: Readonly<
  Record<'operation' | 'edge' | 'process' | 'database', readonly FaultKind[]>
> = {
  operation: OF_MESSAGES,
  edge: [...OF_MESSAGES, 'one-way-partition', 'partition', 'flapping', 'slow-link', 'dns-flip'],
  process: ['crash', 'pause', 'skew', 'jump'],
  database: ['connection-lost', 'sql-error', 'skew', 'jump'],
}

/** Adds up what fired, for every edge that carried a request, every process and every database. */
export function coverageOf(ground: {
  readonly fired: readonly string[]
  readonly edges: readonly string[]
  readonly processes: readonly string[]
  readonly databases: readonly string[]
  readonly operations: readonly string[]
  /** The service of each process that is one of several. */
  readonly serviceOf: Readonly<Record<string, string>>
  /** `lost-answer payments.charge`, once for each time. */
  readonly operationsStruck: readonly string[]
  readonly allowed: readonly FaultKind[]
}): readonly Struck[] {
  const { edges, processes, databases, operations, serviceOf, allowed } = ground
  const edgeOf = (place: string): string =>
    place.includes('>')
      ? place
          .split('>')
          .map((name) => serviceOf[name] ?? name)
          .join('>')
      : place
  const counts = new Map<string, number>()
  const struck = ground.fired.flatMap((name) =>
    placesOf(name).map((place) => `${kindOf(name)} ${edgeOf(place)}`),
  )
  for (const key of [...struck, ...ground.operationsStruck]) {
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const row = (place: string, kinds: readonly FaultKind[]): Struck => {
    const own = kinds.filter((kind) => allowed.includes(kind))
    return {
      place,
      faults: Object.fromEntries(own.map((kind) => [kind, counts.get(`${kind} ${place}`) ?? 0])),
    }
  }
  return [
    ...unique(operations).map((operation) => row(operation, KINDS_OF.operation)),
    ...unique(edges).map((edge) =>
      row(edge, edge.startsWith('client>') ? [...KINDS_OF.edge, 'leave'] : KINDS_OF.edge),
    ),
    ...unique(processes).map((name) =>
      row(name, name === 'client' ? ['skew', 'jump'] : KINDS_OF.process),
    ),
    ...unique(databases).map((name) => row(`db:${name}`, KINDS_OF.database)),
  ]
}

/** `lost-answer` of `lost-answer:orders>payments#4`. */
export function kindOf(name: string): string {
  return name.slice(0, name.indexOf(':'))
}

/** Where a fault struck: `orders>payments` of `lost-answer:orders>payments#4`; a cut link is two ways. */
export function placesOf(name: string): readonly string[] {
  const where = name.slice(name.indexOf(':') + 1).replace(/#\d+$/, '')
  const [one = '', other] = where.split('|')
  if (other !== undefined) return [`${one}>${other}`, `${other}>${one}`]
  const ofDatabase = /^(?:before|after) (.+)$/.exec(where)?.[1]
  if (ofDatabase !== undefined) return [`db:${ofDatabase}`]
  if (kindOf(name) === 'sql-error') return [`db:${where}`]
  if (where.endsWith(' sending')) return [where.slice(0, where.indexOf('>'))]
  return [where.replace(/ at (?:commit|request|answer)$/, '')]
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted()
}
