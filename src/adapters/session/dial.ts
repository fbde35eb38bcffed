/**
 * Asks an origin for a session: one request of HTTP that wants to be upgraded.
 *
 * Invariants:
 *   D1. Nothing of a call is sent before the other side has agreed, so that who refuses has seen none.
 *   D2. It ends within twice `STEP_MS_MAX`, whoever answers what.
 */
import { request as ask } from 'node:http'
import { Socket } from 'node:net'
import { endOfTurn, nodeTimers } from '#world'
import { PROTOCOL, SESSION_PATH } from './frame.ts'

/** What came of it. */
export type Dialled =
  | { readonly kind: 'agreed'; readonly socket: Socket; readonly head: Buffer }
  /** There is somebody, who wants none, or did not understand. */
  | { readonly kind: 'refused'; readonly status: number | undefined }
  | { readonly kind: 'unreachable'; readonly reason: string }

/** Connecting may take so long, and agreeing as long again, in ms. */
const STEP_MS_MAX = 1_000

/** Asks. Never rejects. */
export function dial(origin: string): Promise<Dialled> {
  const { promise, resolve } = Promise.withResolvers<Dialled>()
  if (!URL.canParse(origin)) {
    return Promise.resolve({
      kind: 'unreachable',
      reason: 'it is not an origin such as http://host:port',
    })
  }
  const headers = { connection: 'upgrade', upgrade: PROTOCOL }
  const asking = ask(new URL(SESSION_PATH, origin), { agent: false, headers })
  let isConnected = false
  let cancel: (() => void) | undefined
  const end = (dialled: Dialled): void => {
    cancel?.()
    resolve(dialled)
  }
  const fail = (reason: string): void =>
    end(isConnected ? { kind: 'refused', status: undefined } : { kind: 'unreachable', reason })
  const limit = (): void => {
    const wasConnected = isConnected
    const expire = (): void => {
      if (isConnected !== wasConnected) return limit()
      fail(`no connection within ${STEP_MS_MAX} ms`)
      asking.destroy()
    }
    // What came while this process was busy is looked at first: it is not the callee's fault.
    cancel = nodeTimers.after(STEP_MS_MAX, () => endOfTurn(expire))
  }
  limit()
  asking.on('socket', (socket) => socket.once('connect', () => (isConnected = true)))
  asking.on('error', (error) => fail(error.message || error.name))
  asking.on('response', (response) => {
    end({ kind: 'refused', status: response.statusCode })
    asking.destroy()
  })
  asking.on('upgrade', (response, socket, head) => {
    if (socket instanceof Socket && response.headers.upgrade === PROTOCOL)
      return end({ kind: 'agreed', socket, head })
    end({ kind: 'refused', status: response.statusCode })
    socket.destroy()
  })
  asking.end()
  return promise
}
