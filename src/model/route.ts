/**
 * Routes: `'GET /orders/:orderId'` against a path. Segments are equal, or are parameters.
 */

/** The parameters of `path` if it has the shape of the route, whatever the method; else `undefined`. */
export function matchRoute(
  route: string,
  path: string,
): Readonly<Record<string, string>> | undefined {
  const wanted = segments(route.slice(route.indexOf('/')))
  const given = segments(path)
  if (wanted.length !== given.length) return undefined
  const parameters: Record<string, string> = {}
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? ''
    if (!segment.startsWith(':')) {
      if (segment !== value) return undefined
    } else {
      const decoded = decode(value)
      if (decoded === undefined || decoded === '') return undefined
      parameters[segment.slice(1)] = decoded
    }
  }
  return parameters
}

function segments(path: string): string[] {
  return path.split('/').slice(1)
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    // A malformed escape is a path that no route has.
    return undefined
  }
}
