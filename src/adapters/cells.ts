/**
 * How the values of a row are read that is handed over as cells: as `pg` reads them, but for moments.
 *
 * A `Date` knows no microseconds and takes a `date` for midnight at the place of the reader, so whoever
 * parses by himself gets the words of the server.
 */
import pg from 'pg'

/** Date, time, timestamp, timestamptz, interval and timetz, each followed by its array. */
const MOMENTS: ReadonlySet<number> = new Set([
  1082, 1182, 1083, 1183, 1114, 1115, 1184, 1185, 1186, 1187, 1266, 1270,
])

/** The parser of one column, by the object id of its type. */
export function cellParser(type: number): (text: string) => unknown {
  const parse: (text: string) => unknown = pg.types.getTypeParser(type, 'text')
  return MOMENTS.has(type) ? String : parse
}
