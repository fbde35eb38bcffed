/**
 * Where an operation lives: a Holdfast service answers `POST /contract/operation` with JSON, a foreign
 * one where its contract's `http.route` says.
 *
 * Intuition: between our services JSON keeps the types of the input; a foreign service knows only its
 * own routes, so the fields named in the path go there, and the rest into the query or the body.
 *
 * Invariants:
 *   A1. Each field of the input is sent once: in the path, in the query, or in the body.
 */
import { assert } from '#errors'
import type { Arrow } from './arrow.ts'

/** A request line and the body behind it. */
export interface Address {
  readonly method: string
  readonly path: string
  /** JSON, or `undefined` where everything stands in the path. */
  readonly body: string | undefined
}

/** The address of an arrow's operation with this input. */
export function addressOf(
  { caller, reference }: Pick<Arrow, 'caller' | 'reference'>,
  input: unknown,
): Address {
  const { target, operation } = reference
  const route = caller.isForeign(target) ? operation.http?.route : undefined
  if (route !== undefined) return foreignAddress(route, input)
  return { method: 'POST', path: `/${target}/${operation.name}`, body: JSON.stringify(input) }
}

function foreignAddress(route: string, input: unknown): Address {
  const [method = 'POST', pattern = '/'] = route.split(' ', 2)
  const left = new Map(Object.entries(input ?? {}))
  const path = pattern.replaceAll(/:(\w+)/g, (_, name: string) => {
    const value: unknown = left.get(name)
    assert(left.delete(name), `the input of ${route} has the field '${name}' that its path names`)
    return encodeURIComponent(String(value))
  })
  if (method !== 'GET' && method !== 'DELETE') {
    return { method, path, body: JSON.stringify(Object.fromEntries(left)) }
  }
  const query = new URLSearchParams()
  for (const [name, value] of left) if (value !== undefined) query.set(name, String(value))
  return { method, path: query.size === 0 ? path : `${path}?${query.toString()}`, body: undefined }
}
