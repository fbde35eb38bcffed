/**
 * Reads the logs that Jepsen writes of a register: `INFO  jepsen.util - 3 :invoke :cas [1 4]`.
 *
 * Columns after the dash: process, `:invoke`, `:ok`, `:fail` or `:info`, operation, value.
 *   - `:fail :cas [1 4]` is an answer, too: the register did not hold 1.
 *   - any other `:fail` says that the operation did not happen;
 *   - `:info` says that nobody knows, and so does the end of the log.
 * Lines of other loggers and of the nemesis are skipped; anything else is refused, because a line
 * that is lost silently would change the verdict.
 */
import { HISTORY_LENGTH_MAX, type History, historyInvalid } from './history.ts'
import { type LogLine, Pairing } from './pairing.ts'
import type { RegisterInput, RegisterOutput } from './register.ts'

const EVENT = /^INFO\s+jepsen\.util\s+-\s+(\d+)\s+:(invoke|ok|fail|info)\s+:(\w+)\s+(.+?)\s*$/
const FOREIGN =
  /^\s*$|^(TRACE|DEBUG|INFO|WARN|ERROR)\s+(?!\s|jepsen\.util\s)|jepsen\.util\s+-\s+:nemesis\b/

interface LogEvent extends LogLine {
  readonly type: string
  readonly value: string
}

/** The operations of a Jepsen log. @throws HF_HISTORY_INVALID naming the line, effect 'none'. */
export function readJepsenRegister(text: string): History<RegisterInput, RegisterOutput> {
  const pairing = new Pairing<RegisterInput, RegisterOutput>()
  for (const [index, line] of text.split('\n').entries()) {
    if (index >= HISTORY_LENGTH_MAX)
      throw historyInvalid(`line ${index + 1} is over the limit of ${HISTORY_LENGTH_MAX} lines`)
    const event = eventOf(line, index + 1)
    if (event !== undefined) take(pairing, event)
  }
  return pairing.history()
}

function eventOf(line: string, number: number): LogEvent | undefined {
  const [, process, type, f, value] = EVENT.exec(line) ?? []
  if (process !== undefined && type !== undefined && f !== undefined && value !== undefined)
    return { number, process, type, f, value }
  if (FOREIGN.test(line)) return undefined
  throw historyInvalid(
    `line ${number} is no event such as 'INFO  jepsen.util - 3 :invoke :read nil': ${line.slice(0, 80)}`,
  )
}

function take(pairing: Pairing<RegisterInput, RegisterOutput>, event: LogEvent): void {
  const isMissed = event.type === 'fail' && event.f === 'cas' && event.value.startsWith('[')
  if (event.type === 'invoke') pairing.ask(event, inputOf(event))
  else if (event.type === 'info') pairing.giveUp(event)
  else if (event.type === 'fail' && !isMissed) pairing.undo(event)
  else if (event.f === 'cas') pairing.answer(event, !isMissed)
  else pairing.answer(event, event.f === 'read' ? numberOf(event) : null)
}

function inputOf(event: LogEvent): RegisterInput {
  if (event.f === 'read') return { f: 'read' }
  if (event.f === 'write') return { f: 'write', value: numberOf(event) }
  const [, expected, value] = /^\[(-?\d+) (-?\d+)\]$/.exec(event.value) ?? []
  if (event.f === 'cas' && expected !== undefined)
    return { f: 'cas', expected: Number(expected), value: Number(value) }
  throw historyInvalid(
    `line ${event.number}: ':${event.f} ${event.value}' is none of ':read nil', ':write 3' and ':cas [1 4]'`,
  )
}

function numberOf({ number, value }: LogEvent): number | null {
  if (value === 'nil') return null
  if (/^-?\d+$/.test(value)) return Number(value)
  throw historyInvalid(`line ${number}: '${value}' is neither a whole number nor nil`)
}
