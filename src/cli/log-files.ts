/**
 * The log: every fact as one line of JSON in `<directory>/logs/<service>.jsonl`.
 *
 * Invariants:
 *   J1. A service's log takes at most two files of LOG_BYTES_MAX; the older one is replaced.
 *   J2. Losing the log (a full disk) never stops the service.
 */
import { mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { destination, type DestinationStream, type Logger, pino } from 'pino'
import type { Fact } from '#observe'

const LOG_BYTES_MAX = 32 * 1024 * 1024
const CHECKED_EVERY_LINES = 1_000

/** Writes facts to files, one for each service. */
export interface LogFiles {
  write(fact: Fact): void
  close(): void
}

/** Opens the logs under `directory`. */
export function logFiles(directory: string): LogFiles {
  const folder = join(directory, 'logs')
  mkdirSync(folder, { recursive: true })
  const open = new Map<string, LogFile>()
  return {
    write(fact) {
      let file = open.get(fact.service)
      if (file === undefined)
        open.set(fact.service, (file = new LogFile(join(folder, `${fact.service}.jsonl`))))
      file.write(fact)
    },
    close() {
      for (const file of open.values()) file.close()
    },
  }
}

class LogFile {
  readonly #path: string
  #stream: ReturnType<typeof destination>
  #logger: Logger
  #lines = 0

  constructor(path: string) {
    this.#path = path
    this.#stream = openStream(path)
    this.#logger = loggerTo(this.#stream)
  }

  write(fact: Fact): void {
    if (fact.fact === 'failed' || fact.fact === 'undelivered') this.#logger.warn(serialisable(fact))
    else this.#logger.info(fact)
    this.#lines += 1
    if (this.#lines % CHECKED_EVERY_LINES === 0) this.#rotateIfFull()
  }

  close(): void {
    this.#stream.end()
  }

  #rotateIfFull(): void {
    if ((statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0) < LOG_BYTES_MAX) return
    this.#stream.end()
    renameSync(this.#path, this.#path.replace(/\.jsonl$/, '.old.jsonl'))
    this.#stream = openStream(this.#path)
    this.#logger = loggerTo(this.#stream)
  }
}

function openStream(path: string): ReturnType<typeof destination> {
  // Asynchronous and in small batches: a slow disk must not hold the event loop.
  const stream = destination({ dest: path, sync: false, minLength: 0, maxLength: 4 * 1024 * 1024 })
  stream.on('error', () => undefined)
  return stream
}

function loggerTo(stream: DestinationStream): Logger {
  return pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: ['error.config'] },
    stream,
  )
}

function serialisable(fact: Extract<Fact, { readonly error: unknown }>): object {
  if (!(fact.error instanceof Error)) return fact
  const { name, message, stack } = fact.error
  return { ...fact, error: { name, message, stack } }
}
