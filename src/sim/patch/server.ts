/**
 * `http.createServer` for plain services: a server that listens on the simulated network.
 */
import { EventEmitter } from 'node:events'
import nodeHttp from 'node:http'
import type { AddressInfo } from 'node:net'
import { currentHousehold, type Household, type Listening } from '../plain/household.ts'
import { listenerHandler, type NodeListener } from './listener.ts'
import type { Patch } from './install.ts'

const { createServer: realCreateServer, Server: RealServer } = nodeHttp

/** What is replaced, and by what. */
export function serverPatches(): readonly Patch[] {
  return [
    { target: nodeHttp, key: 'createServer', value: createServer },
    { target: nodeHttp, key: 'Server', value: server() },
  ]
}

function createServer(...given: readonly unknown[]): unknown {
  const household = currentHousehold()
  if (household === undefined) return Reflect.apply(realCreateServer, nodeHttp, given)
  return new SimulatedServer(household, given.find(isListener))
}

/** A constructor, so a proxy. */
function server(): typeof RealServer {
  return new Proxy(RealServer, {
    construct: (target, given, newTarget): object => {
      const household = currentHousehold()
      if (household !== undefined) return new SimulatedServer(household, given.find(isListener))
      const real: unknown = Reflect.construct(target, given, newTarget)
      // Reflect.construct of a class gives an object, though its type does not say so.
      return real as object
    },
  })
}

function isListener(value: unknown): value is NodeListener {
  return typeof value === 'function'
}

/** The part of Node's `http.Server` that programs use. */
class SimulatedServer extends EventEmitter {
  listening = false
  timeout = 0
  keepAliveTimeout = 5_000
  headersTimeout = 60_000
  requestTimeout = 300_000
  readonly #household: Household
  #open: Listening | undefined

  constructor(household: Household, listener: NodeListener | undefined) {
    super()
    this.#household = household
    if (listener !== undefined) this.on('request', listener)
  }

  listen(...given: readonly unknown[]): this {
    const onListening = given.find((each) => typeof each === 'function')
    if (onListening !== undefined)
      this.once('listening', () => Reflect.apply(onListening, this, []))
    void this.#listen(portOf(given[0]))
    return this
  }

  close(onClose?: (error?: Error) => void): this {
    if (onClose !== undefined) this.once('close', onClose)
    this.listening = false
    void this.#open?.close().then(() => this.emit('close'))
    return this
  }

  address(): AddressInfo | null {
    const port = this.#open?.port
    return port === undefined ? null : { port, address: '::', family: 'IPv6' }
  }

  setTimeout(): this {
    return this
  }

  closeAllConnections(): void {}

  closeIdleConnections(): void {}

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open?.close()
  }

  async #listen(port: number): Promise<void> {
    const handler = listenerHandler((request, response) => this.emit('request', request, response))
    try {
      this.#open = await this.#household.listen(port, handler)
      this.listening = true
      this.emit('listening')
    } catch (error) {
      this.emit('error', error)
    }
  }
}

/** `listen(3000)`, `listen('3000')`, `listen({ port: 3000 })`; anything else asks for any port. */
function portOf(wanted: unknown): number {
  if (typeof wanted === 'object' && wanted !== null && 'port' in wanted) return portOf(wanted.port)
  const port = Number(wanted)
  return Number.isInteger(port) && port > 0 ? port : 0
}
