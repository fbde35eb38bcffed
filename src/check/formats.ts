/**
 * The formats in which a history can be written down.
 */
import type { Limits } from './budget.ts'
import { readJepsenRegister } from './jepsen-register-log.ts'
import { type ModelledHistory, readJsonLines } from './json-lines.ts'
import { readKv } from './kv-log.ts'
import { kv } from './kv.ts'
import { checkLinearizable, type Linearizability } from './linearizable.ts'
import { register } from './register.ts'

/** A name of a format. */
export type HistoryFormat = 'jepsen-register' | 'kv' | 'json'

const readers: Readonly<Record<HistoryFormat, (text: string) => ModelledHistory>> = {
  'jepsen-register': (text) => ({ model: 'register', history: readJepsenRegister(text) }),
  kv: (text) => ({ model: 'kv', history: readKv(text) }),
  json: readJsonLines,
}

/** The names of all formats. */
export const historyFormats: readonly HistoryFormat[] = ['jepsen-register', 'kv', 'json']

/** Reads a history. @throws HF_HISTORY_INVALID naming the line and what is wrong, effect 'none'. */
export function readHistory(text: string, format: HistoryFormat): ModelledHistory {
  return readers[format](text)
}

/** Judges a history by the model that it names. */
export function checkHistory(
  { model, history }: ModelledHistory,
  limits: Limits = {},
): Linearizability {
  return model === 'kv'
    ? checkLinearizable(kv, history, limits)
    : checkLinearizable(register, history, limits)
}
