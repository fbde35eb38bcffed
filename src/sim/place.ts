/**
 * Where in the user's code something happened, as `orders/app.ts:12`.
 *
 * The two last parts of the path are enough for a reader and the same on every machine, which matters
 * because places stand in the trace, and the trace is hashed.
 */

/** The folder of these sources, whose frames are never the user's, but for tests. */
const OWN = new URL('..', import.meta.url).pathname

/**
 * `at f (file:///srv/app.ts?holdfast=3:12:5)`, `at /srv/app.cjs:12:5`, and the first line of a file
 * that cannot be parsed, `file:///srv/app.ts:12`.
 */
const FRAME = /(?:^|[ (])(?:file:\/\/)?(\/[^()]+?)(?:\?[^:]*)?:(\d+)(?::\d+)?\)?$/

/** The first line of a stack that is the user's; one in a package, if there is no other. */
export function placeOf(stack: string | undefined): string | undefined {
  const frames = (stack ?? '').split('\n').flatMap(framesOf)
  return (frames.find(({ path }) => !path.includes('/node_modules/')) ?? frames[0])?.place
}

/** True for a line of a stack that lies in Holdfast itself. */
export function isOwn(line: string): boolean {
  return line.includes(OWN) && !line.includes('.test.ts')
}

interface Frame {
  readonly path: string
  readonly place: string
}

function framesOf(line: string): readonly Frame[] {
  const [, file, row] = FRAME.exec(line.trim()) ?? []
  if (file === undefined) return []
  const path = decodeURIComponent(file)
  if (isOwn(path)) return []
  return [{ path, place: `${path.split('/').slice(-2).join('/')}:${row}` }]
}
