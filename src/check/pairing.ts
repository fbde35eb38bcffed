/**
 * Pairs the lines of a log: a question and, if one came, its answer make one operation.
 *
 * Invariants:
 *   P1. A process asks one thing at a time; its next answer belongs to that question.
 *   P2. What is still open at the end of the log has no answer: its outcome is unknown.
 *   P3. The moment of an event is the number of its line: a log orders, it does not measure.
 */
import { type History, historyInvalid, type Operation } from './history.ts'

/** One line of a log. */
export interface LogLine {
  /** From 1. */
  readonly number: number
  readonly process: string
  /** What was asked: `read`, `append`. */
  readonly f: string
}

/** Collects the operations of a log, line by line. */
export class Pairing<Input, Output> {
  readonly #operations: Operation<Input, Output>[] = []
  /** The word for what was asked, by position. */
  readonly #words: string[] = []
  /** Position in `#operations` of what each process waits for. */
  readonly #open = new Map<string, number>()
  readonly #undone = new Set<number>()

  /** A process asks. @throws HF_HISTORY_INVALID if it still waits for an answer. */
  ask({ number, process, f }: LogLine, input: Input): void {
    const before = this.#operations[this.#open.get(process) ?? -1]
    if (before !== undefined)
      throw historyInvalid(
        `line ${number}: process ${process} asks again, but its call of line ${before.calledAt} is still open`,
      )
    this.#open.set(process, this.#operations.push({ process, calledAt: number, input }) - 1)
    this.#words.push(f)
  }

  /** The answer came. @throws HF_HISTORY_INVALID if nothing like it was asked. */
  answer(line: LogLine, output: Output): void {
    const index = this.#close(line)
    const operation = this.#operations[index]
    if (operation !== undefined)
      this.#operations[index] = { ...operation, answer: { at: line.number, output } }
  }

  /** It became known that the operation did not and will not take effect. */
  undo(line: LogLine): void {
    this.#undone.add(this.#close(line))
  }

  /** The process gave up waiting; the outcome stays unknown. */
  giveUp(line: LogLine): void {
    this.#close(line)
  }

  /** What the open question of the process was, to read its answer by. */
  inputOf(line: LogLine): Input | undefined {
    return this.#operations[this.#open.get(line.process) ?? -1]?.input
  }

  /** All operations, those without an answer included. */
  history(): History<Input, Output> {
    return this.#operations.filter((_, index) => !this.#undone.has(index))
  }

  #close({ number, process, f }: LogLine): number {
    const index = this.#open.get(process)
    const asked = index === undefined ? undefined : this.#operations[index]
    if (index === undefined || asked === undefined)
      throw historyInvalid(`line ${number}: process ${process} is answered, but it asked nothing`)
    if (this.#words[index] !== f)
      throw historyInvalid(
        `line ${number}: process ${process} is answered '${f}', but asked '${this.#words[index]}' in line ${asked.calledAt}`,
      )
    this.#open.delete(process)
    return index
  }
}
