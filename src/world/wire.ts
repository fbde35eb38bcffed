/**
 * What crosses the network, independent of who carries it: node:http, a `fetch` handler, or the
 * simulated network. Header names are lower case; bodies are bytes; nothing is shared by reference.
 */

/** A place to listen. `port` 0 lets the system choose. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** One request as the caller hands it to the network. */
export interface OutgoingRequest {
  readonly method: string
  /** Path with query, beginning with `/`. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | undefined
  /** Aborts the exchange; the network then rejects at once and releases the connection. */
  readonly signal: AbortSignal
  /** Answers over this many bytes are refused. */
  readonly answerBytesMax: number
  /** What may carry it; a network that has no sessions, or meets somebody who has none, uses HTTP. @defaultValue 'http' */
  readonly transport?: Transport
}

/** A session is one connection to a callee for many requests at once. Both mean the same to callers. */
export type Transport = 'http' | 'session'

/** One request as the callee receives it. The body is read on demand, so that refusing is cheap. */
export interface IncomingRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** @throws HF_BODY_TOO_LARGE once more than `bytesMax` bytes arrived; the rest is not read. */
  readonly readBody: (bytesMax: number) => Promise<Uint8Array>
  /** Aborts when the caller went away. */
  readonly signal: AbortSignal
}

/** One answer. */
export interface WireResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** A service seen from the network. Must not reject: a failure is an answer, too. */
export type WireHandler = (request: IncomingRequest) => Promise<WireResponse>

/** An open port. */
export interface Listener {
  /** `http://host:port`, with the port that was really taken. */
  readonly origin: string
  /** Stops accepting, ends idle connections, and resolves when the open exchanges have ended. */
  close(): Promise<void>
}
