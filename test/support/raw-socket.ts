/**
 * Both ends of a connection without HTTP between, for whatever HTTP would not say.
 */
import { connect, createServer, type Socket } from 'node:net'

/** The loopback address. */
export const HOST = '127.0.0.1'

/** A server of raw sockets: for every way in which a connection can end. */
export async function raw(
  serve: (socket: Socket) => void,
): Promise<AsyncDisposable & { readonly origin: string }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    serve(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    origin: `http://${HOST}:${port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Sends bytes as they are and gives everything that comes back. */
export async function exchange(
  origin: string,
  ...parts: readonly (string | Uint8Array)[]
): Promise<string> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve) => {
    let received = ''
    const socket = connect(Number(port), hostname, () => {
      for (const part of parts) socket.write(part)
    })
    socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk))
    socket.on('error', () => {}).on('close', () => resolve(received))
  })
}
