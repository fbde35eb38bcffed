/**
 * A process that answers calls to `/quick` and keeps all others waiting, until it is killed.
 */
import { httpNetwork } from '#adapters'
import type { WireHandler } from '#world'

const handle: WireHandler = async ({ path }) => {
  process.send?.({ began: path })
  if (path !== '/quick') await new Promise(() => {})
  return { status: 200, headers: {}, body: new Uint8Array() }
}

const { origin } = await httpNetwork().listen({ host: '127.0.0.1', port: 0 }, handle)
process.send?.({ origin })
