/**
 * A service as the network sees it.
 */
import type { IncomingRequest, WireHandler, WireResponse } from '#world'
import type { Site } from '../site.ts'
import { calls } from './caller.ts'
import { Gate } from './gate.ts'
import { arrive } from './hop.ts'
import { compile } from './incoming.ts'
import { Pressure } from './pressure.ts'
import { router } from './route.ts'

/** The incoming end of a service's arrows. */
export interface Server {
  /** Answers a request. Never rejects. */
  readonly handle: WireHandler
  /** Refuses new work; resolves when running work ended, or its longest accepted deadline passed. */
  drain(): Promise<void>
  /** Requests that are being answered now. */
  inFlight(): number
}

/** Makes the server of a service. */
export function server(site: Site): Server {
  const gate = new Gate(site.world)
  const pressure = new Pressure(site.world)
  const entrance = { site, gate, pressure, router: router(site.service), neighbours: calls(site) }
  const way = compile(entrance)
  return {
    async handle(request: IncomingRequest): Promise<WireResponse> {
      const { status, headers, body } = await way(arrive(entrance, request))
      return { status, headers, body }
    },
    drain: async () => gate.drain(),
    inFlight: () => gate.inside,
  }
}
