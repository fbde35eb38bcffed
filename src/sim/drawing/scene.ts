/**
 * What a space-time diagram shows of a run: lifelines, messages between them, and what befell whom.
 *
 * Invariants:
 *   V1. Every message that is shown was sent; one without an arrival is lost, one that arrives for the
 *       second time is a copy.
 *   V2. At most `MESSAGES_MAX` messages: those that a fault names, those around the moment of a fault, and
 *       the last ones before the end; of the latter two only what somebody served.
 */
import type { Step } from '../trace.ts'

/** How a message fared. */
export type Fate = 'arrived' | 'late' | 'lost' | 'copy'

/** A request or an answer between two lifelines. */
export interface Message {
  readonly from: string
  readonly to: string
  readonly sentUs: number
  /** When it arrived, or would have been noticed. */
  readonly arrivedUs: number
  readonly fate: Fate
  readonly text: string
  readonly isAnswer: boolean
  /** `orders>payments#4`. */
  readonly exchange: string
  /** True if a fault befell it, or its answer. */
  readonly isStruck: boolean
}

/** Something that happened on one lifeline. */
export interface Mark {
  readonly line: string
  readonly atUs: number
  readonly kind: 'crash' | 'start' | 'pause' | 'jump' | 'write' | 'commit' | 'fault' | 'violation'
  readonly text: string
}

/** All of it. */
export interface Scene {
  readonly lines: readonly string[]
  readonly messages: readonly Message[]
  readonly marks: readonly Mark[]
  /** Messages that are not shown. */
  readonly leftOut: number
}

const MESSAGES_MAX = 32

/** Messages that are shown before and after the moment of a fault. */
const AROUND = { before: 3, after: 5 }
const MARKS_MAX = 120

/** A message that took longer than this, in µs, is late: no latency is as long. */
const LATE_US = 150_000

/** What a database does so long after a message arrived, or before an answer left, belongs to it. */
const SERVED_US = 30_000

/** How much further a lost message is drawn, in µs. */
const LOST_US = 3_000

/** Finds the scene in a trace. */
export function sceneOf(steps: readonly Step[]): Scene {
  const struck = steps.filter(({ kind }) => kind === 'fault')
  const faults = struck.map(({ detail }) => detail)
  const exchanges = exchangesOf(steps)
  const served = new Set(exchanges.filter(({ serves }) => serves.length > 0).map(({ id }) => id))
  const all = exchanges.flatMap((each) =>
    messagesOf(each, faults.some((fault) => fault.endsWith(`:${each.id}`)) ? 'struck' : 'spared'),
  )
  const chosen = all.filter((message) => isNamed(message) || served.has(message.exchange))
  const around = struck.flatMap(({ atUs }) => {
    const index = chosen.findIndex(({ arrivedUs }) => arrivedUs >= atUs)
    const from = Math.max(0, index - AROUND.before)
    return index < 0 ? [] : chosen.slice(from, index + AROUND.after)
  })
  const near = new Set([...chosen.filter(isNamed), ...around].slice(0, MESSAGES_MAX / 2))
  const last = new Set(chosen.slice(-(MESSAGES_MAX - near.size)))
  const messages = chosen.filter((message) => near.has(message) || last.has(message))
  const marks = steps
    .flatMap(markOf)
    .filter((mark) => isTelling(mark, messages))
    .slice(-MARKS_MAX)
  return { lines: linesOf(messages, marks), messages, marks, leftOut: all.length - messages.length }
}

function isNamed({ isStruck }: Message): boolean {
  return isStruck
}

/** All that the trace says of one request. */
interface Exchange {
  readonly id: string
  readonly sent: Step
  readonly arrivals: Step[]
  readonly serves: Step[]
  readonly answers: Step[]
  received: Step | undefined
}

function exchangesOf(steps: readonly Step[]): readonly Exchange[] {
  const exchanges = new Map<string, Exchange>()
  for (const step of steps) {
    const { who, kind, detail } = step
    if (kind === 'send') {
      const lists = { arrivals: [], serves: [], answers: [], received: undefined }
      exchanges.set(who, { id: who, sent: step, ...lists })
    }
    if (kind === 'answer') exchanges.get(who)?.answers.push(step)
    const [, what, id = ''] = /^(arrive|arrive again|serve|answer) (\S+)$/.exec(detail) ?? []
    const exchange = kind === 'event' ? exchanges.get(id) : undefined
    if (exchange === undefined) continue
    if (what === 'answer') exchange.received = step
    else exchange[what === 'serve' ? 'serves' : 'arrivals'].push(step)
  }
  return [...exchanges.values()]
}

function messagesOf(
  { id, sent, arrivals, serves, answers, received }: Exchange,
  luck: 'struck' | 'spared',
): readonly Message[] {
  const [from = '', to = ''] = id.replace(/#\d+$/, '').split('>')
  const ask = sent.detail.replace(/ \d+ B \w+$/, '')
  const common = { exchange: id, isStruck: luck === 'struck' }
  const lost = { ...common, from, to, isAnswer: false, sentUs: sent.atUs, text: ask }
  const requests = arrivals.map((step): Message => {
    const isServed = serves.some(({ atUs }) => atUs === step.atUs)
    const fate = isServed ? fateOf(step, sent) : 'lost'
    return { ...lost, arrivedUs: step.atUs, fate }
  })
  const isLost = !arrivals.some(({ detail }) => !detail.startsWith('arrive again'))
  if (isLost) requests.push({ ...lost, arrivedUs: sent.atUs + LOST_US, fate: 'lost' })
  const replies = answers
    .filter(({ detail }) => !detail.endsWith('to the copy'))
    .map((step): Message => {
      const text = step.detail.split(' ', 1)[0] ?? ''
      const way = { ...common, from: to, to: from, isAnswer: true, sentUs: step.atUs, text }
      if (received === undefined) return { ...way, arrivedUs: step.atUs + LOST_US, fate: 'lost' }
      const fate = received.atUs - step.atUs > LATE_US ? 'late' : 'arrived'
      return { ...way, arrivedUs: received.atUs, fate }
    })
  return [...requests, ...replies]
}

function fateOf(arrival: Step, sent: Step): Fate {
  if (arrival.detail.startsWith('arrive again')) return 'copy'
  return arrival.atUs - sent.atUs > LATE_US ? 'late' : 'arrived'
}

/** Statements of the framework's own, which would hide the user's. */
const FRAMEWORK = /\bhf\.|\bpg_|^(?:begin|set|savepoint|release|rollback|select)\b/i

/** True for what befell somebody, and for what was written while a message was on its way or served. */
function isTelling({ kind, atUs, line }: Mark, messages: readonly Message[]): boolean {
  const firstUs = messages[0]?.sentUs ?? 0
  if (kind !== 'write' && kind !== 'commit') return atUs >= firstUs
  return messages.some(
    ({ to, from, isAnswer, sentUs, arrivedUs }) =>
      line === `db:${isAnswer ? from : to}` &&
      atUs >= (isAnswer ? sentUs - SERVED_US : arrivedUs) &&
      atUs <= (isAnswer ? sentUs : arrivedUs + SERVED_US),
  )
}

function markOf({ atUs, who, kind, detail }: Step): readonly Mark[] {
  const line = who.replace(/#\d+$/, '')
  if (kind === 'crash' && detail !== 'the end') {
    return [{ line, atUs, kind: 'crash', text: `${who} ${detail}` }]
  }
  if (kind === 'pause' || kind === 'jump') {
    return [
      { line, atUs, kind, text: kind === 'pause' ? `stands still ${detail}` : `clock ${detail}` },
    ]
  }
  if (kind === 'event' && detail === 'main') {
    return [{ line, atUs, kind: 'start', text: `${who} starts` }]
  }
  if (kind === 'partition')
    return [
      { line: who.replace(/>.*$/, ''), atUs, kind: 'fault', text: `✂ ${who} cut for ${detail}` },
    ]
  if (kind === 'fault') return faultMark(atUs, detail)
  if (kind === 'sql') return sqlMark(line, atUs, detail)
  if (kind === 'engine')
    return [{ line, atUs, kind: 'fault', text: 'another transaction goes first' }]
  if (kind === 'violation') return [{ line: '*', atUs, kind: 'violation', text: detail }]
  return []
}

/** What befell a database; faults of messages, processes and links are drawn where they act. */
function faultMark(atUs: number, fault: string): readonly Mark[] {
  const [, words, name] =
    /^(connection-lost:(?:before|after)|sql-error:)(?: ?)(\w+)#/.exec(fault) ?? []
  if (name === undefined) return []
  const text =
    words === 'sql-error:' ? 'a statement fails' : `connection lost ${words?.split(':')[1]}`
  return [{ line: `db:${name}`, atUs, kind: 'fault', text }]
}

function sqlMark(line: string, atUs: number, detail: string): readonly Mark[] {
  const [statement = ''] = detail.split(' -> ', 1)
  if (/^commit\b/i.test(statement)) return [{ line, atUs, kind: 'commit', text: 'commit' }]
  if (FRAMEWORK.test(statement) && !/^select\b(?!.*\bhf\.|.*\bpg_)/i.test(statement)) return []
  return [{ line, atUs, kind: 'write', text: statement }]
}

/** The client first, then in the order of appearance; each database beside its service. */
function linesOf(messages: readonly Message[], marks: readonly Mark[]): readonly string[] {
  const named = [
    ...messages.flatMap(({ from, to }) => [from, to]),
    ...marks.map(({ line }) => line),
  ]
  const processes = [...new Set(named.map((name) => name.replace(/^db:/, '')))]
  const databases = new Set(named.filter((name) => name.startsWith('db:')))
  return processes
    .filter((name) => name !== '*' && name !== 'observer')
    .toSorted((one, other) => Number(other === 'client') - Number(one === 'client'))
    .flatMap((name) => (databases.has(`db:${name}`) ? [name, `db:${name}`] : [name]))
}
