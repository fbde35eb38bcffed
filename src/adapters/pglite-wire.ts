/**
 * A stream between `pg` and an embedded database, in the place where a socket would be.
 *
 * `pg` writes the messages of one statement together, so one statement is one exchange; the next write
 * waits until the answer of the last has been pushed.
 */
import { Duplex } from 'node:stream'
import type { Engine } from './pglite-engine.ts'

/** What `pg` takes for its socket. */
export class PgliteWire extends Duplex {
  readonly #engine: Engine

  constructor(engine: Engine) {
    super()
    this.#engine = engine
    engine.onLost = (error) => this.destroy(error)
  }

  /** `pg` calls it as it would a socket's; there is nowhere to go. */
  connect(): void {
    queueMicrotask(() => this.emit('connect'))
  }

  /** `pg` calls it as it would a socket's; there is no delay. */
  setNoDelay(): void {}

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    void this.#exchange(chunk, done)
  }

  override _writev(
    chunks: readonly { readonly chunk: Buffer }[],
    done: (error?: Error) => void,
  ): void {
    void this.#exchange(Buffer.concat(chunks.map(({ chunk }) => chunk)), done)
  }

  async #exchange(bytes: Buffer, done: (error?: Error) => void): Promise<void> {
    try {
      const { buffer, byteOffset, length } = await this.#engine.exchange(bytes)
      if (length > 0) this.push(Buffer.from(buffer, byteOffset, length))
      done()
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)))
    }
  }
}
