/**
 * How far a hunt has come: on a terminal one line that is written over and over, elsewhere a line now
 * and then, so that a log stays short.
 */
import type { SeedResult } from '#sim'
import { nodeClock } from '#world'
import { paint, print } from './output.ts'

/** Between two lines where nobody watches, in ms. */
const LINE_MS = 10_000

/** Where and how progress is shown. */
export interface Shown {
  /** `20 s left`, as far as that is known. */
  readonly left: (progress: { readonly done: number; readonly perSecond: number }) => string
  /** A line now and then, too, where there is no terminal. */
  readonly inLogs: boolean
}

/** The progress of one hunt. */
export class Progress {
  readonly #shown: Shown
  readonly #startedMs = nodeClock.monotonicMs()
  readonly #covered = new Set<string>()
  #done = 0
  #failed = 0
  #lineAtMs = 0

  constructor(shown: Shown) {
    this.#shown = shown
  }

  /** Takes in what is finished. */
  readonly heard = (results: readonly SeedResult[]): void => {
    this.#done += results.length
    for (const { violations, faultsFired } of results) {
      this.#failed += violations.length > 0 ? 1 : 0
      for (const fault of faultsFired) this.#covered.add(fault.replace(/#\d+$/, ''))
    }
    this.#show()
  }

  /** Takes the line away. */
  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\u001B[K')
  }

  #show(): void {
    const nowMs = nodeClock.monotonicMs() - this.#startedMs
    const perSecond = this.#done / Math.max(nowMs / 1_000, 0.001)
    const parts = [
      `${this.#done} seeds`,
      `${perSecond.toFixed(1)} a second`,
      `${this.#covered.size} faults covered`,
      this.#failed === 0 ? 'none failed' : paint('red', `${this.#failed} failed`, process.stderr),
      this.#shown.left({ done: this.#done, perSecond }),
    ]
    const line = parts.join(', ')
    if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${line}`)
    else if (this.#shown.inLogs && nowMs >= this.#lineAtMs) {
      this.#lineAtMs = nowMs + LINE_MS
      print(line, process.stderr)
    }
  }
}
