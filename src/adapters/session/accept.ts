/**
 * Sessions into a server of HTTP: on its port, by an upgrade, beside whatever else it serves.
 *
 * Invariants:
 *   S1. A request that does not ask for a session is served as if there were none.
 *   S2. After `close` none begins, and it resolves when the last one has ended.
 */
import type { IncomingMessage, Server } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { WireHandler } from '#world'
import { Answering } from './answering.ts'
import { PROTOCOL, SESSION_PATH } from './frame.ts'
import { join, surroundings, wireOver } from './socket-wire.ts'

/** Longer than the callers' own: whoever closes first loses the race with the next call. */
const IDLE_MS_MAX = 120_000

/** The sessions of one server. */
export interface Sessions {
  /** Lets no further stream begin, and resolves when all that began have ended. */
  close(): Promise<void>
}

/** True if this request asks for a session, and is not for HTTP. */
export function asksForSession({ url, method, headers }: IncomingMessage): boolean {
  return method === 'GET' && url === SESSION_PATH && headers.upgrade === PROTOCOL
}

/** Accepts sessions on a server whose `shouldUpgradeCallback` is `asksForSession`. */
export function acceptSessions(server: Server, handle: WireHandler): Sessions {
  const open = new Set<Answering>()
  let isClosing = false
  let onEmpty: (() => void) | undefined
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!(socket instanceof Socket) || isClosing || !asksForSession(request)) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n')
      return
    }
    const onEnded = (): void => {
      open.delete(session)
      if (open.size === 0) onEmpty?.()
    }
    const session = new Answering({ handle, onEnded }, wireOver(socket), surroundings)
    open.add(session)
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${PROTOCOL}\r\n\r\n`,
    )
    const onIdle = (): void => {
      if (!session.isBusy()) session.leave()
    }
    join(socket, session.link, { head, idleMs: IDLE_MS_MAX, onIdle })
  })
  return {
    async close() {
      isClosing = true
      if (open.size === 0) return
      await new Promise<void>((resolve) => {
        onEmpty = resolve
        for (const session of open) session.leave()
      })
    },
  }
}
