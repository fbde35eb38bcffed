/**
 * Frames of a session, written by hand: also those that no program of ours would send.
 */

/** One frame. */
export function frameOf(type: number, stream: number, payload: Uint8Array | string = ''): Buffer {
  const body = Buffer.from(payload)
  const head = Buffer.alloc(8)
  head.writeUIntBE(body.length, 0, 3)
  head[3] = type
  head.writeUInt32BE(stream, 4)
  return Buffer.concat([head, body])
}

/** Whole numbers of four bytes. */
export function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index)
  return bytes
}

/** A head with its length, and a body behind it. */
export function headed(head: string, body = ''): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(head.length)
  return Buffer.concat([length, Buffer.from(head, 'latin1'), Buffer.from(body)])
}

/** What either end says first. */
export const settingsFrame: Buffer = frameOf(1, 0, numbers(100, 65_536, 1_048_576))

/** The frames in these bytes. */
export function framesIn(
  bytes: Buffer,
): readonly { readonly type: number; readonly stream: number; readonly payload: Buffer }[] {
  const found = []
  for (let at = 0; at + 8 <= bytes.length;) {
    const end = at + 8 + bytes.readUIntBE(at, 3)
    const [type = 0, stream] = [bytes[at + 3], bytes.readUInt32BE(at + 4)]
    found.push({ type, stream, payload: bytes.subarray(at + 8, end) })
    at = end
  }
  return found
}
