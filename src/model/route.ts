/**
 * Routes: `'GET /orders/:orderId'` against a path. Segments are equal, or are parameters.
 */

/**
 * The parameters of `path`, as they stand there, if it has the shape of the route; else `undefined`.
 * The method is not compared.
 */
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
      if (value === '') return undefined
      parameters[segment.slice(1)] = value
    }
  }
  return parameters
}

function segments(path: string): string[] {
  return path.split('/').slice(1)
}
