/**
 * The words of a session: frame types, their layout, and every number that bounds them.
 *
 * A frame is eight bytes, then its payload: three bytes of payload length, one of type, four of stream.
 * A stream is one call; its number is chosen by the caller and only grows. Stream 0 is the session.
 *
 * Invariants:
 *   F1. No payload is longer than `PAYLOAD_BYTES_MAX`, so that nobody reserves what a stranger announces.
 *
 * Source: HTTP/2 (RFC 9113) for streams, windows and GOAWAY, without its header compression, whose
 * state outlives a frame and is where its implementations were attacked. The format is written down in
 * `docs/reference/session-frames.md`.
 */

/** The protocol of the `Upgrade`, with its version. */
export const PROTOCOL = 'holdfast-session/1'

/** Where an upgrade is asked for. */
export const SESSION_PATH = '/holdfast/session'

/** Length, type and stream. */
export const FRAME_HEADER_BYTES = 8

/** The longest payload: the longest head, and as much of a body. */
export const PAYLOAD_BYTES_MAX = 32_768

/** The longest head of a request or an answer, as `node:http` has it. */
export const HEAD_BYTES_MAX = 16_000

/** The most of a body in one frame: a long one lets the frames of others pass between. */
export const CHUNK_BYTES_MAX = 16_384

/** The highest number of a stream, and the largest window. */
export const NUMBER_MAX: number = 2 ** 31 - 1

/** Frame types. `end` is added to the type of the last frame of a request or an answer. */
export const frame = {
  padding: 0,
  settings: 1,
  request: 2,
  answer: 3,
  body: 4,
  cancel: 5,
  window: 6,
  ping: 7,
  pong: 8,
  leave: 9,
  end: 0x80,
} as const

/** Why one end gives up a stream. Only `refused` promises that nothing was executed. */
export const cancelReason = { unwanted: 0, refused: 1, broken: 2 } as const

/** Why one end leaves the session. */
export const leaveReason = { done: 0, fault: 1 } as const

/** What each end tells the other first: how much it takes. */
export interface Settings {
  /** Streams that may be open at once. */
  readonly streamsMax: number
  /** Bytes of one body that may be under way and not yet wanted. */
  readonly streamWindow: number
  /** Bytes of all bodies together that may be under way and not yet wanted. */
  readonly sessionWindow: number
}

/** Four bytes for each of the settings; what follows them is for later versions, and ignored. */
export const SETTINGS_BYTES = 12

/** What the other end did wrong: the session ends with this as its reason. */
export class SessionFault extends Error {
  override readonly name = 'SessionFault'
}

/** Refuses what the protocol does not allow. */
export function refuse(detail: string): never {
  throw new SessionFault(detail)
}
