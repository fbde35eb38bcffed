/**
 * Reads logs of a key-value store, one EDN map a line, as Porcupine's test data has them:
 * `{:process 9, :type :invoke, :f :append, :key "0", :value "x 9 0 y"}`.
 *
 * Types are `:invoke`, `:ok`, `:fail` (it did not happen) and `:info` (nobody knows); operations are
 * `:get`, `:put` and `:append`. What is open at the end has an unknown outcome.
 */
import type { KvInput, KvOutput } from './kv.ts'
import { HISTORY_LENGTH_MAX, type History, historyInvalid } from './history.ts'
import { type LogLine, Pairing } from './pairing.ts'

const TEXT = String.raw`"(?:[^"\\]|\\.)*"`
const EVENT = new RegExp(
  String.raw`^\{:process (\d+), :type :(invoke|ok|fail|info), :f :(get|put|append), :key (${TEXT}), :value (${TEXT}|nil)\}\s*$`,
)

interface LogEvent extends LogLine {
  readonly f: KvInput['f']
  readonly type: string
  readonly key: string
  readonly value: string | null
}

/** The operations of a key-value log. @throws HF_HISTORY_INVALID naming the line, effect 'none'. */
export function readKv(text: string): History<KvInput, KvOutput> {
  const pairing = new Pairing<KvInput, KvOutput>()
  for (const [index, line] of text.split('\n').entries()) {
    if (index >= HISTORY_LENGTH_MAX)
      throw historyInvalid(`line ${index + 1} is over the limit of ${HISTORY_LENGTH_MAX} lines`)
    if (line.trim() !== '') take(pairing, eventOf(line, index + 1))
  }
  return pairing.history()
}

function eventOf(line: string, number: number): LogEvent {
  const [, process, type, f, key, value] = EVENT.exec(line) ?? []
  if (process === undefined || type === undefined || !isOperation(f))
    throw historyInvalid(
      `line ${number} is no event such as '{:process 1, :type :ok, :f :get, :key "x", :value ""}': ${line.slice(0, 80)}`,
    )
  return {
    number,
    process,
    type,
    f,
    key: textOf(key, number) ?? '',
    value: textOf(value, number),
  }
}

function isOperation(f: string | undefined): f is KvInput['f'] {
  return f === 'get' || f === 'put' || f === 'append'
}

/** EDN writes its texts as JSON does, but for a few escapes that these logs do not use. */
function textOf(text: string | undefined, number: number): string | null {
  if (text === undefined || text === 'nil') return null
  try {
    return String(JSON.parse(text))
  } catch (cause) {
    throw historyInvalid(`line ${number}: ${text.slice(0, 40)} is no text: ${String(cause)}`)
  }
}

function take(pairing: Pairing<KvInput, KvOutput>, event: LogEvent): void {
  if (event.type === 'fail') return pairing.undo(event)
  if (event.type === 'info') return pairing.giveUp(event)
  if (event.type === 'invoke') return pairing.ask(event, inputOf(event))
  const asked = pairing.inputOf(event)
  if (asked !== undefined && asked.key !== event.key)
    throw historyInvalid(
      `line ${event.number}: process ${event.process} is answered for key '${event.key}', but asked for '${asked.key}'`,
    )
  if (event.f === 'get' && event.value === null)
    throw historyInvalid(`line ${event.number}: a get is answered by a text, not by nil`)
  pairing.answer(event, event.f === 'get' ? event.value : null)
}

function inputOf({ number, f, key, value }: LogEvent): KvInput {
  if (f === 'get') return { f, key }
  if (value === null) throw historyInvalid(`line ${number}: ${f} needs a text, not nil`)
  return { f, key, value }
}
