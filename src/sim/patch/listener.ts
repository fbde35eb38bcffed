/**
 * A request of the simulated network, as a listener of `node:http` has it, and its answer back.
 *
 * Node's own `IncomingMessage` and `ServerResponse` do the work, over a socket that is none: what the
 * listener writes is kept, and its head cut off. So what Express and others rely on is all there.
 *
 * Limit: an answer is whole when it ends; whoever streams is read at the end.
 */
import { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { IncomingRequest, WireHandler, WireResponse } from '#world'

/** What `http.createServer` takes, and what an Express app is. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => unknown

/** Bodies that a plain service accepts at most, in bytes. */
const BODY_BYTES_MAX = 16 * 1024 * 1024

/** What the caller gets if the program destroys the connection: the simulation has no better word. */
const DESTROYED: WireResponse = { status: 502, headers: {}, body: new Uint8Array() }

/** Headers about a connection that there is not. */
const OF_CONNECTION = new Set(['connection', 'keep-alive', 'transfer-encoding'])

/** The listener, as the simulated network calls it. */
export function listenerHandler(listener: NodeListener): WireHandler {
  return async (incoming) => {
    const socket = new Written()
    const request = await requestOf(incoming, socket)
    const response = responseTo(request, socket)
    // The caller left. The socket stays, so that the end of the work is seen even if nobody waits.
    const left = (): void => {
      request.emit('close')
      response.emit('close')
    }
    incoming.signal.addEventListener('abort', left, { once: true })
    const finished = new Promise<void>((resolve) => {
      response.once('finish', resolve)
      socket.once('close', resolve)
    })
    void listener(request, response)
    await finished
    return response.writableFinished ? answerOf(response, socket.text) : DESTROYED
  }
}

/** Keeps what is written to it. */
class Written extends Duplex {
  readonly remoteAddress = '127.0.0.1'
  readonly encrypted = false
  readonly #chunks: Buffer[] = []

  get text(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, written: () => void): void {
    this.#chunks.push(chunk)
    written()
  }

  setTimeout(): this {
    return this
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }
}

async function requestOf(incoming: IncomingRequest, socket: Written): Promise<IncomingMessage> {
  const { method, path, readBody } = incoming
  const body = await readBody(BODY_BYTES_MAX)
  const length = body.length === 0 ? {} : { 'content-length': String(body.length) }
  const headers = { host: 'localhost', ...incoming.headers, ...length }
  // A socket in all that a request asks of one.
  const request = new IncomingMessage(socket as unknown as Socket)
  Object.assign(request, { method, url: path, httpVersion: '1.1', complete: true })
  Object.assign(request, { httpVersionMajor: 1, httpVersionMinor: 1 })
  request.headers = headers
  request.rawHeaders = Object.entries(headers).flat()
  if (body.length > 0) request.push(body)
  request.push(null)
  return request
}

function responseTo(request: IncomingMessage, socket: Written): ServerResponse {
  const response = new ServerResponse(request)
  response.useChunkedEncodingByDefault = false
  response.shouldKeepAlive = false
  // Node would keep the text of the date for a second, by a real timer.
  response.sendDate = false
  // As above.
  response.assignSocket(socket as unknown as Socket)
  return response
}

/** Two line ends, each of two bytes. */
const END_OF_HEAD = Buffer.from([13, 10, 13, 10])

function answerOf(response: ServerResponse, text: Buffer): WireResponse {
  const headers = Object.entries(response.getHeaders()).flatMap(([name, value]) =>
    value === undefined || OF_CONNECTION.has(name)
      ? []
      : [[name, Array.isArray(value) ? value.join(', ') : String(value)] as const],
  )
  const body = text.subarray(text.indexOf(END_OF_HEAD) + END_OF_HEAD.length)
  return { status: response.statusCode, headers: Object.fromEntries(headers), body }
}
