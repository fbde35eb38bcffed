/**
 * Finds out whether a port can be listened on, before a child process tries to.
 */
import { createServer } from 'node:net'
import { HoldfastError } from '#errors'

/**
 * The port itself, or one that the system chose for 0.
 *
 * @throws HF_PORT_IN_USE (effect none) if somebody listens there.
 */
export async function freePort(host: string, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const probe = createServer()
  probe.once('error', (cause) =>
    reject(
      new HoldfastError('HF_PORT_IN_USE', { detail: `${host}:${port} (${cause.message})`, cause }),
    ),
  )
  probe.listen(port, host, () => {
    const address = probe.address()
    probe.close(() =>
      resolve(typeof address === 'object' && address !== null ? address.port : port),
    )
  })
  return promise
}
