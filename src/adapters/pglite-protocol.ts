/**
 * The few messages of the PostgreSQL protocol that the simulation speaks, made and read in one pass.
 *
 * A simulated world spends its time in statements, most of which take less in PostgreSQL than a
 * general reader of the protocol takes for their answers. So values stay text, nothing is copied
 * twice, and messages nobody asks for are skipped.
 *
 * Invariants:
 *   W1. An exchange ends with Sync or is one Query, so that every answer ends with ReadyForQuery.
 *   W2. An answer holds no reference to the bytes it was read from.
 *
 * Source: PostgreSQL 18, chapter 54, "Frontend/Backend Protocol", version 3.
 */
import pg from 'pg'

/** What a statement is given: text, bytes, or nothing. */
export type Parameter = string | Uint8Array | null

/** A column, as the server described it. */
export interface Field {
  readonly name: string
  readonly type: number
}

/** What one exchange brought back. */
export interface Answer {
  isParsed: boolean
  /** How many a statement has that was described. */
  parameters: number
  /** `undefined` if nobody asked for a description, or there are no rows to describe. */
  fields: readonly Field[] | undefined
  readonly rows: (readonly (string | null)[])[]
  /** `INSERT 0 1`. */
  tag: string
  /** True between BEGIN and the end of the transaction, failed or not. */
  isInTransaction: boolean
  failure: Error | undefined
}

/** Messages are made in this many bytes at first; the room grows with what is written. */
const ROOM_BYTES = 16 * 1024

const FORMAT_BINARY = 1

/** Writes messages to the server, one after another. */
export class Writer {
  #room = Buffer.allocUnsafe(ROOM_BYTES)
  #end = 0
  #begin = 0

  /** What was written since the last `take`, valid until the next message is begun. */
  take(): Uint8Array {
    const bytes = this.#room.subarray(0, this.#end)
    this.#end = 0
    return bytes
  }

  query(text: string): void {
    this.#open('Q')
    this.#text(text)
    this.#close()
  }

  parse(statement: string, text: string): void {
    this.#open('P')
    this.#text(statement)
    this.#text(text)
    this.#short(0)
    this.#close()
  }

  bind(statement: string, values: readonly Parameter[]): void {
    this.#open('B')
    this.#text('')
    this.#text(statement)
    this.#short(values.length)
    for (const value of values) this.#short(value instanceof Uint8Array ? FORMAT_BINARY : 0)
    this.#short(values.length)
    for (const value of values) this.#value(value)
    this.#short(0)
    this.#close()
  }

  describeStatement(statement: string): void {
    this.#open('D')
    this.#text(`S${statement}`)
    this.#close()
  }

  describePortal(): void {
    this.#open('D')
    this.#text('P')
    this.#close()
  }

  execute(): void {
    this.#open('E')
    this.#text('')
    this.#long(0)
    this.#close()
  }

  sync(): void {
    this.#open('S')
    this.#close()
  }

  #open(kind: string): void {
    this.#reserve(5)
    this.#room[this.#end] = kind.charCodeAt(0)
    this.#begin = this.#end + 1
    this.#end += 5
  }

  /** A message's length counts itself, but not its kind. */
  #close(): void {
    this.#room.writeInt32BE(this.#end - this.#begin, this.#begin)
  }

  #value(value: Parameter): void {
    if (value === null) return this.#long(-1)
    const length = typeof value === 'string' ? Buffer.byteLength(value) : value.length
    this.#long(length)
    this.#reserve(length)
    if (typeof value === 'string') this.#room.write(value, this.#end)
    else this.#room.set(value, this.#end)
    this.#end += length
  }

  /** Text in UTF-8, ended by a zero. */
  #text(text: string): void {
    this.#reserve(text.length * 3 + 1)
    this.#end += this.#room.write(text, this.#end)
    this.#room[this.#end] = 0
    this.#end += 1
  }

  #short(value: number): void {
    this.#reserve(2)
    this.#end = this.#room.writeUInt16BE(value, this.#end)
  }

  #long(value: number): void {
    this.#reserve(4)
    this.#end = this.#room.writeInt32BE(value, this.#end)
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#room.length) return
    const larger = Buffer.allocUnsafe(2 * (this.#end + bytes))
    this.#room.copy(larger, 0, 0, this.#end)
    this.#room = larger
  }
}

/** Reads everything that the server said to one exchange. */
export function readAnswer(bytes: Uint8Array): Answer {
  const answer: Answer = {
    isParsed: false,
    parameters: 0,
    fields: undefined,
    rows: [],
    tag: '',
    isInTransaction: false,
    failure: undefined,
  }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  while (at + 5 <= buffer.length) {
    const end = at + 1 + buffer.readInt32BE(at + 1)
    takeIn(answer, String.fromCharCode(buffer[at] ?? 0), new Reader(buffer, at + 5, end))
    at = end
  }
  return answer
}

function takeIn(answer: Answer, kind: string, message: Reader): void {
  if (kind === 'D') answer.rows.push(message.row())
  else if (kind === 'C') answer.tag = message.text()
  else if (kind === 'Z') answer.isInTransaction = message.letter() !== 'I'
  else if (kind === 'T') answer.fields = message.fields()
  else if (kind === '1') answer.isParsed = true
  else if (kind === 't') answer.parameters = message.short()
  else if (kind === 'E') answer.failure ??= message.failure()
}

/** One message. */
class Reader {
  readonly #buffer: Buffer
  readonly #end: number
  #at: number

  constructor(buffer: Buffer, at: number, end: number) {
    this.#buffer = buffer
    this.#at = at
    this.#end = end
  }

  letter(): string {
    return String.fromCharCode(this.#buffer[this.#at++] ?? 0)
  }

  text(): string {
    const end = this.#buffer.indexOf(0, this.#at)
    const text = this.#buffer.toString('utf8', this.#at, end)
    this.#at = end + 1
    return text
  }

  row(): readonly (string | null)[] {
    const values: (string | null)[] = []
    for (let count = this.short(); count > 0; count -= 1) values.push(this.#value())
    return values
  }

  fields(): readonly Field[] {
    const fields: Field[] = []
    for (let count = this.short(); count > 0; count -= 1) {
      const name = this.text()
      // Table and column, which nobody asks for, stand before the type; size, modifier, format after.
      fields.push({ name, type: this.#buffer.readUInt32BE(this.#at + 6) })
      this.#at += 18
    }
    return fields
  }

  /** The error, with the names that `pg` gives its parts. */
  failure(): Error {
    const parts: Record<string, string> = {}
    for (let kind = this.letter(); kind !== '\0'; kind = this.letter()) {
      const name = ERROR_PARTS[kind]
      const text = this.text()
      if (name !== undefined) parts[name] = text
    }
    const { message = 'an error without a message', ...rest } = parts
    return Object.assign(new pg.DatabaseError(message, this.#end, 'error'), rest)
  }

  short(): number {
    this.#at += 2
    return this.#buffer.readUInt16BE(this.#at - 2)
  }

  #value(): string | null {
    const length = this.#buffer.readInt32BE(this.#at)
    this.#at += 4
    if (length < 0) return null
    this.#at += length
    return this.#buffer.toString('utf8', this.#at - length, this.#at)
  }
}

const ERROR_PARTS: Readonly<Record<string, string>> = {
  S: 'severity',
  C: 'code',
  M: 'message',
  D: 'detail',
  H: 'hint',
  P: 'position',
  p: 'internalPosition',
  q: 'internalQuery',
  W: 'where',
  s: 'schema',
  t: 'table',
  c: 'column',
  d: 'dataType',
  n: 'constraint',
  F: 'file',
  L: 'line',
  R: 'routine',
}
