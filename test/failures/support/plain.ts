/**
 * Payments as a plain request handler: parse, write, answer; and if something is thrown, say what.
 */

/** What it wrote. */
export interface Written {
  readonly orderId: unknown
  readonly cents: unknown
}

/** Answers as many first versions do. `written` is its table. */
export async function asked(written: Written[], body: string | Uint8Array): Promise<string> {
  try {
    const text = typeof body === 'string' ? body : new TextDecoder().decode(body)
    const { orderId, cents } = JSON.parse(text)
    written.push({ orderId, cents })
    return JSON.stringify({ authId: `a${written.length}` })
  } catch (error) {
    return error instanceof Error ? (error.stack ?? '') : String(error)
  }
}
