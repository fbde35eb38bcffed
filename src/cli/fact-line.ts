/**
 * One line for each fact: time, service, arrow, what, how it ended.
 *
 * The arrows: `→` calls somebody, `←` was called, `⇢` emitted, `⇠` consumed, `✗` needs a look. A word
 * always stands beside the colour.
 */
import { unreachable } from '#errors'
import type { Fact } from '#observe'
import { isoMoment } from '#world'
import { paint } from './output.ts'

/** The line for a fact, or `undefined` for one that only the log files hold. */
export function factLine(fact: Fact, wallMs: number): string | undefined {
  const told = tell(fact)
  if (told === undefined) return undefined
  const time = isoMoment(wallMs).slice(11, 23)
  return `${paint('dim', time)} ${paint('cyan', fact.service.padEnd(10))} ${told}`
}

function tell(fact: Fact): string | undefined {
  switch (fact.fact) {
    case 'served':
      return served(fact)
    case 'called':
      return `→ ${fact.edge.padEnd(30)} ${ended(fact.ended)} ${ms(fact.tookMs)}${tries(fact.attempts)}${code(fact.code)}`
    case 'emitted':
      return `⇢ ${fact.event.padEnd(30)} ${paint('dim', `${short(fact.id)} to ${fact.edges.length || 'no'} subscriber${fact.edges.length === 1 ? '' : 's'}`)}`
    case 'consumed':
      return `⇠ ${fact.event.padEnd(30)} ${fact.duplicate ? paint('yellow', 'duplicate') : paint('green', 'done')} ${ms(fact.tookMs)} ${paint('dim', short(fact.id))}`
    case 'undelivered':
      return undelivered(fact)
    case 'failed':
      return `✗ ${fact.work.padEnd(30)} ${paint('red', 'failed')}${code(fact.code)} ${message(fact.error)}`
    case 'lifecycle':
      return `${paint('bold', fact.phase)}  ${paint('dim', fact.detail)}`
    case 'delivered':
    case 'lease':
      return undefined
    default:
      return unreachable(fact)
  }
}

function served(fact: Extract<Fact, { readonly fact: 'served' }>): string {
  const colour = fact.status < 400 ? 'green' : fact.status < 500 ? 'yellow' : 'red'
  const note = fact.replayed ? paint('dim', '  replayed by its key') : code(fact.code)
  return `← ${fact.operation.padEnd(30)} ${paint(colour, String(fact.status))} ${ms(fact.tookMs)}${note}`
}

function undelivered(fact: Extract<Fact, { readonly fact: 'undelivered' }>): string {
  const next =
    fact.retryInMs === undefined
      ? paint('red', 'dead: holdfast dead list')
      : `again in ${ms(fact.retryInMs).trim()}`
  return `✗ ${`${fact.edge} ${fact.event}`.padEnd(30)} ${paint('yellow', 'undelivered')}  try ${fact.attempts}, ${next}  ${fact.error.slice(0, 120)}`
}

function ended(how: Extract<Fact, { readonly fact: 'called' }>['ended']): string {
  const colours = { done: 'green', refused: 'yellow', unsent: 'red', unknown: 'red' } as const
  return paint(colours[how], how)
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`.padStart(8)
}

function tries(attempts: number): string {
  return attempts > 1 ? `  ${attempts} attempts` : ''
}

function code(value: string | undefined): string {
  return value === undefined ? '' : `  ${paint('yellow', value)}`
}

function short(id: string): string {
  return `#${id.slice(-6)}`
}

function message(error: unknown): string {
  return (
    (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]?.slice(0, 160) ?? ''
  )
}
