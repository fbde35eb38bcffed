/**
 * A socket as the wire of a session.
 *
 * Invariants:
 *   K1. A connection on which nothing is under way does not keep the process alive.
 *   K2. A connection that was ended is gone within `LINGER_MS_MAX`, whether the other end reads or not.
 */
import type { Socket } from 'node:net'
import { afterIfAlive, endOfTurn, nodeClock, nodeTimers } from '#world'
import type { Link, Surroundings, Wire } from './link.ts'

/** How long the last bytes may take to leave, in ms. */
const LINGER_MS_MAX = 5_000

/** The real world, for both ends. */
export const surroundings: Surroundings = {
  clock: nodeClock,
  timers: nodeTimers,
  atEndOfTurn: endOfTurn,
}

/** The wire over a socket. */
export function wireOver(socket: Socket): Wire {
  return {
    write: (bytes) => socket.write(bytes),
    end() {
      const cancel = afterIfAlive(LINGER_MS_MAX, () => socket.destroy())
      socket.once('close', cancel).destroySoon()
    },
    destroy: () => socket.destroy(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    hold: (isHeld) => (isHeld ? socket.ref() : socket.unref()),
  }
}

/** Carries what happens on the socket to the link; `head` is what came behind the upgrade. */
export function join(
  socket: Socket,
  link: Link,
  {
    head,
    idleMs,
    onIdle,
  }: { readonly head: Buffer; readonly idleMs: number; readonly onIdle: () => void },
): void {
  let reason = 'the other end closed the connection'
  socket.setNoDelay(true).setKeepAlive(true, idleMs)
  socket.on('data', (chunk: Buffer) => link.receive(chunk))
  socket.on('drain', () => link.drained())
  socket.on('error', (error) => {
    reason = error.message
  })
  socket.on('end', () => link.lost(reason))
  const cancel = whenIdle(link, idleMs, onIdle)
  socket.on('close', () => {
    cancel()
    link.lost(reason)
  })
  if (head.length > 0) link.receive(head)
}

/** Calls `onIdle` when nothing was heard for `idleMs`, or up to twice as long. */
function whenIdle(link: Link, idleMs: number, onIdle: () => void): () => void {
  let heard = link.receipts
  let cancel = afterIfAlive(idleMs, look)
  function look(): void {
    cancel = afterIfAlive(idleMs, look)
    if (link.receipts === heard) onIdle()
    heard = link.receipts
  }
  return () => cancel()
}
