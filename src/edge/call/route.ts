/**
 * Which operation a request means: `POST /contract/operation`, or the route that the contract declares.
 *
 * Invariants:
 *   R1. What is found does not depend on the order of declaration: a literal segment wins over a
 *       parameter.
 */
import { matchRoute, type Operation, type Service } from '#model'
import { EVENTS_PATH } from '../event/push.ts'

/** An operation that can be asked for. */
export type Asked = Extract<Operation, { readonly kind: 'command' | 'query' }>

/** What a method and a path mean. */
export type Route =
  | { readonly kind: 'operation'; readonly asked: Asked; readonly params: Params }
  | { readonly kind: 'events' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'other method'; readonly allow: string }

/** Fields of the input that stand in the path. */
export type Params = Readonly<Record<string, string>>

/** Finds the route of a request. */
export type Router = (method: string, path: string) => Route

interface Pattern {
  readonly method: string
  readonly route: string
  readonly asked: Asked
}

/** The routes of a service. */
export function router(service: Service): Router {
  const patterns = Object.values(service.contract['~contract'].operations)
    .flatMap(patternsOf)
    .toSorted((left, right) => parameters(left) - parameters(right))
  // Most requests name their operation letter by letter: nothing has to be matched for them.
  const literal = new Map<string, Route>()
  for (const pattern of patterns) {
    const { method, route, asked } = pattern
    if (parameters(pattern) === 0)
      literal.set(`${method} ${route}`, { kind: 'operation', asked, params: {} })
  }
  literal.set(`POST ${EVENTS_PATH}`, { kind: 'events' })
  return (method, path) => {
    const known = literal.get(`${method} ${path}`)
    if (known !== undefined) return known
    const [pathname = ''] = path.split('?', 1)
    if (pathname === EVENTS_PATH) {
      return method === 'POST' ? { kind: 'events' } : { kind: 'other method', allow: 'POST' }
    }
    const matching = patterns.flatMap((pattern) => {
      const params = matchRoute(pattern.route, pathname)
      return params === undefined ? [] : [{ ...pattern, params }]
    })
    const found = matching.find((pattern) => pattern.method === method)
    if (found !== undefined) return { kind: 'operation', asked: found.asked, params: found.params }
    if (matching.length === 0) return { kind: 'unknown' }
    return { kind: 'other method', allow: matching.map((pattern) => pattern.method).join(', ') }
  }
}

function patternsOf(operation: Operation): Pattern[] {
  if (operation.kind === 'event') return []
  const declared = operation.http === undefined ? [] : [operation.http.route]
  const routes = [`POST /${operation.contract}/${operation.name}`, ...declared]
  return routes.map((route) => ({
    method: route.slice(0, route.indexOf(' ')),
    route,
    asked: operation,
  }))
}

function parameters({ route }: Pattern): number {
  return route.split('/').filter((segment) => segment.startsWith(':')).length
}
