/**
 * A session of PostgreSQL that only listens, and comes back when it was lost.
 *
 * Invariants:
 *   E1. It never throws and never gives up: whoever hears must do without it, and looks by itself.
 *   E2. After each connecting `heard` is called once, for what was said meanwhile.
 */
import { nodeTimers, sleep } from '#world'
import type { PgSession } from './pg-session.ts'

/** Between two tries to connect, in ms. */
const AGAIN_MS = 2_000

/** Between two looks whether the session still lives, in ms. */
const LOOK_MS = 1_000

/** Listens on a channel until the function that it gives is called. */
export function listenOn(
  open: () => Promise<PgSession>,
  channel: string,
  heard: () => void,
): () => void {
  const end = new AbortController()
  void stayOn(open, channel, heard, end.signal)
  return () => end.abort()
}

async function stayOn(
  open: () => Promise<PgSession>,
  channel: string,
  heard: () => void,
  end: AbortSignal,
): Promise<void> {
  while (!end.aborted) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one session after the other.
      await stayOnce(await open(), channel, heard, end)
    } catch {
      // E1: the reason stands in the failures of the other sessions.
    }
    // oxlint-disable-next-line no-await-in-loop -- as above.
    await sleep(nodeTimers, AGAIN_MS, end).catch(() => undefined)
  }
}

async function stayOnce(
  session: PgSession,
  channel: string,
  heard: () => void,
  end: AbortSignal,
): Promise<void> {
  try {
    session.onNotice = heard
    await session.script(`listen ${channel}`)
    heard()
    while (session.isAlive && !end.aborted) {
      // oxlint-disable-next-line no-await-in-loop -- it waits for the end of the session.
      await sleep(nodeTimers, LOOK_MS, end).catch(() => undefined)
    }
  } finally {
    session.destroy()
  }
}
