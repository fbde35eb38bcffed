/**
 * The public door of a system in one process: finds the service whose contract declares the route.
 *
 * It changes nothing about a request. Operations without an `http` route are not public.
 */
import { matchRoute } from '#model'
import type { System } from '#model'
import type { WireHandler, WireResponse } from '#world'
import type { ServiceHost } from './host.ts'

/** The handler of the public port. */
export function gateway(
  system: Pick<System, 'name' | 'services'>,
  hosts: ReadonlyMap<string, ServiceHost>,
): WireHandler {
  const routes = publicRoutes(system)
  return async (request) => {
    const path = request.path.split('?', 1)[0] ?? '/'
    if (path === '/livez') return json(200, { alive: true })
    if (path === '/readyz') return readiness(system, hosts)
    if (path === '/')
      return json(200, { system: system.name, routes: routes.map(({ route }) => route) })
    const found = routes.find(({ route }) => matchRoute(route, path) !== undefined)
    const host = found && hosts.get(found.service)
    if (host !== undefined) return host.handle(request)
    return found === undefined
      ? unknown(request.method, path, routes)
      : json(503, { starting: true })
  }
}

/** A route that the world may use, and who answers it. */
interface PublicRoute {
  readonly route: string
  readonly service: string
}

function publicRoutes(system: Pick<System, 'services'>): readonly PublicRoute[] {
  return system.services.flatMap(({ name, contract }) =>
    Object.values(contract['~contract'].operations).flatMap((operation) =>
      operation.kind === 'event' || operation.http === undefined
        ? []
        : [{ route: operation.http.route, service: name }],
    ),
  )
}

async function readiness(
  system: Pick<System, 'services'>,
  hosts: ReadonlyMap<string, ServiceHost>,
): Promise<WireResponse> {
  const entries = await Promise.all(
    system.services.map(
      async ({ name }) => [name, await hosts.get(name)?.health.readiness()] as const,
    ),
  )
  const ready = entries.every(([, each]) => each?.ready === true)
  return json(ready ? 200 : 503, { ready, services: Object.fromEntries(entries) })
}

function unknown(method: string, path: string, routes: readonly PublicRoute[]): WireResponse {
  const problem = {
    type: 'https://holdfast.dev/errors/HF_OPERATION_UNKNOWN',
    title: 'no such operation',
    status: 404,
    code: 'HF_OPERATION_UNKNOWN',
    effect: 'none',
    detail: `${method} ${path.slice(0, 200)} is not a public route`,
    fix: `Public routes: ${routes.map(({ route }) => route).join(', ') || 'none'}.`,
  }
  return { ...json(404, problem), headers: { 'content-type': 'application/problem+json' } }
}

function json(status: number, value: unknown): WireResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: new TextEncoder().encode(JSON.stringify(value)),
  }
}
