/**
 * A failing run in three sentences: what is not true, what it took, and which arrow it went wrong on.
 *
 * They are made from the trace of the shrunk run, so they say what happened, not what might have.
 */
import { NO_DETAIL } from './checks.ts'
import { kindOf, placesOf } from './coverage.ts'
import type { Drawing } from './drawing/drawing.ts'
import type { Violation } from './options.ts'
import type { Shrunk } from './shrink/shrink.ts'
import type { Step } from './trace.ts'

/** Faults that are named one by one; more are counted. */
const NAMED_MAX = 3

/** Transactions that overlapped this long before the violation, in µs, are what it was about. */
const OVERLAP_US = 100_000

/** The three sentences. */
export function storyOf(shrunk: Shrunk): readonly [string, string, string] {
  const [violation] = shrunk.result.violations
  const steps = shrunk.result.steps ?? []
  const racing = overlap(steps)
  return [whatFailed(violation), whatItTook(shrunk, racing), whereItFailed(steps, shrunk, racing)]
}

/** What there is to draw of it, the nearest passing run beside the failing one. */
export function pictured({
  result,
  passing,
  faults,
  token,
}: Shrunk): Pick<Drawing, 'steps' | 'token' | 'passing'> {
  const [last] = faults.slice(-1)
  const without = last === undefined ? 'its last client' : `this: ${inWords(last)}`
  const steps = result.steps ?? []
  if (passing === undefined) return { steps, token }
  return { steps, token, passing: { steps: passing.steps ?? [], without } }
}

function whatFailed(violation: Violation | undefined): string {
  if (violation === undefined) return 'Nothing failed.'
  const { check, detail, atMs } = violation
  const why = detail === NO_DETAIL ? '' : `: ${detail}`
  return `After ${seconds(atMs)} of simulated time “${check}” was not true${why}.`
}

/** True if the code is wrong in itself: it needs neither a fault nor somebody else. */
function isMistake({ faults, result }: Shrunk): boolean {
  const [violation] = result.violations
  const isOfData = /^(?:always|settled|eventually)$/.test(violation?.kind ?? '')
  return faults.length === 0 && !isOfData
}

function whatItTook(shrunk: Shrunk, racing: string | undefined): string {
  const { faults, faultsBefore, clients } = shrunk
  const who = clients === undefined ? '' : ` and ${counted(clients.length, 'client')}`
  if (isMistake(shrunk)) return 'It takes no fault: the world was kind when it happened.'
  if (faults.length === 0) {
    return racing === undefined
      ? `It takes no fault${who}: it goes wrong in good weather, too.`
      : `It takes no fault${who}: requests that overlap are enough, so this is a race.`
  }
  const named = faults.slice(0, NAMED_MAX).map(inWords).join('; ')
  const more = faults.length > NAMED_MAX ? `; and ${faults.length - NAMED_MAX} more` : ''
  return `It takes ${counted(faults.length, 'fault')} of ${faultsBefore}${who}: ${named}${more}.`
}

/** Names the request that was served more than once, or else the place that was struck last. */
function whereItFailed(steps: readonly Step[], shrunk: Shrunk, racing: string | undefined): string {
  const { faults } = shrunk
  if (isMistake(shrunk)) return 'Look at the place that is named in the first sentence.'
  const repeated = servedMoreThanOnce(steps, new Set(faults.flatMap(placesOf)))
  if (repeated !== undefined) {
    const { edge, request, times } = repeated
    const [, callee = 'the callee'] = edge.split('>')
    return `Look at the edge ${edge}: ${callee} served ${request} ${times} times, so unless a key tells that they are one, its effect happened as often.`
  }
  const last = faults.at(-1)
  if (last !== undefined && racing === undefined) {
    const [place = 'the system'] = placesOf(last)
    return `Look at ${place}: what was under way there when it was struck did not survive it.`
  }
  if (racing === undefined) return `Look at ${lastServed(steps)}: it was served last.`
  return `Look at ${racing}: one transaction read there what another was about to change.`
}

/** `POST /charges on orders>payments`: the request that was served last. */
function lastServed(steps: readonly Step[]): string {
  const last = steps.findLast(({ kind, detail }) => kind === 'event' && detail.startsWith('serve '))
  const exchange = last?.detail.slice('serve '.length)
  const sent = steps.find(({ who, kind }) => kind === 'send' && who === exchange)
  if (exchange === undefined || sent === undefined) return 'the handler that ran last'
  return `${sent.detail.split(' ').slice(0, 2).join(' ')} on ${exchange.replace(/#\d+$/, '')}`
}

interface Repeated {
  readonly edge: string
  readonly request: string
  readonly times: number
}

/** The first request, among equal ones, that was served twice; those on struck edges first. */
function servedMoreThanOnce(
  steps: readonly Step[],
  struck: ReadonlySet<string>,
): Repeated | undefined {
  const requests = new Map<string, string>()
  const served = new Map<string, number>()
  for (const { who, kind, detail } of steps) {
    if (kind === 'send') requests.set(who, detail)
    const [, exchange = ''] = /^serve (\S+>\S+#\d+)$/.exec(kind === 'event' ? detail : '') ?? []
    const request = requests.get(exchange)
    if (request === undefined) continue
    const key = `${exchange.replace(/#\d+$/, '')} ${request}`
    served.set(key, (served.get(key) ?? 0) + 1)
  }
  const repeated = [...served].flatMap(([key, times]) => {
    const [edge = '', ...words] = key.split(' ')
    // A request's last two words are the length and the hash of its body.
    return times > 1 ? [{ edge, request: words.slice(0, 2).join(' '), times }] : []
  })
  return repeated.find(({ edge }) => struck.has(edge))
}

/** The database in which a transaction made room for another shortly before the violation. */
function overlap(steps: readonly Step[]): string | undefined {
  const endUs = steps.find(({ kind }) => kind === 'violation')?.atUs ?? 0
  const isNear = ({ atUs, kind }: Step): boolean =>
    kind === 'engine' && atUs <= endUs && endUs - atUs < OVERLAP_US
  return steps.findLast(isNear)?.who
}

const WORDS: Readonly<Record<string, (where: string) => string>> = {
  loss: (where) => `a request on ${where} was lost`,
  'lost-answer': (where) => `an answer on ${where} was lost`,
  duplicate: (where) => `a request on ${where} arrived twice`,
  delay: (where) => `a request on ${where} was late`,
  refused: (where) => `a connection on ${where} was refused`,
  reset: (where) => `a connection on ${where} was reset`,
  'corrupted-answer': (where) => `an answer on ${where} arrived spoilt`,
  leave: (where) => `the client left while it waited on ${where}`,
  'slow-link': (where) => `the link ${where.replace('|', ' and ')} was slow`,
  'dns-flip': (where) => `the name led astray on ${where}`,
  crash: (where) =>
    `${where.replace(/ at commit$/, '')} crashed${where.endsWith(' at commit') ? ' at a commit' : ''}`,
  pause: (where) => `${where.replace(/>.* sending$/, '')} stood still`,
  partition: (where) => `the link ${where.replace('|', ' and ')} was cut`,
  'one-way-partition': (where) => `the way ${where} was cut`,
  flapping: (where) => `the link ${where.replace('|', ' and ')} flapped`,
  skew: (where) => `the clock of ${where} was wrong`,
  jump: (where) => `the clock of ${where} was set`,
  'connection-lost': (where) => `a connection broke ${where}`,
  'sql-error': (where) => `a statement of ${where} failed`,
}

/** `an answer on orders>payments was lost (#4)`. */
export function inWords(fault: string): string {
  const [, where = '', ordinal] = /:(.+?)(?:#(\d+))?$/.exec(fault) ?? []
  const words = WORDS[kindOf(fault)]?.(where) ?? fault
  return ordinal === undefined ? words : `${words} (#${ordinal})`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function seconds(ms: number): string {
  return ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
