/**
 * Where a service is, as the configuration says it: at known origins, or as a directory knows.
 *
 * | written | meaning |
 * |---|---|
 * | `http://a:8080` | there |
 * | `http://a:8080,http://b:8080` | at each of these |
 * | `dns+http://payments.internal:8080` | at each address (A, AAAA) of the name |
 * | `srv+http://_payments._tcp.internal` | where the SRV records of the name say |
 * | `registry` | where the instances in the registry announced themselves |
 */

/** Where a service is. */
export type Place =
  | { readonly kind: 'origins'; readonly origins: readonly string[] }
  | { readonly kind: 'dns'; readonly host: string; readonly port: number }
  | { readonly kind: 'srv'; readonly name: string }
  | { readonly kind: 'registry' }

/** More instances of one service than a list in a variable should name. */
const ORIGINS_MAX = 32

/** Reads a place; `undefined` if it is none. */
export function placeOf(text: string): Place | undefined {
  if (text === 'registry') return { kind: 'registry' }
  if (text.startsWith('dns+')) return dnsOf(urlOf(text.slice('dns+'.length)))
  if (text.startsWith('srv+')) return srvOf(urlOf(text.slice('srv+'.length)))
  const urls = text.split(',').map((each) => urlOf(each.trim()))
  const origins = urls.flatMap((url) => (url === undefined ? [] : [url.origin]))
  if (origins.length < urls.length || origins.length > ORIGINS_MAX) return undefined
  return { kind: 'origins', origins }
}

/** Addresses have no names in certificates, so that what a directory finds is called without TLS. */
function dnsOf(url: URL | undefined): Place | undefined {
  if (url === undefined || url.protocol !== 'http:') return undefined
  return { kind: 'dns', host: url.hostname, port: Number(url.port || 80) }
}

function srvOf(url: URL | undefined): Place | undefined {
  if (url === undefined || url.protocol !== 'http:' || url.port !== '') return undefined
  return { kind: 'srv', name: url.hostname }
}

function urlOf(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isOrigin = url !== undefined && /^https?:$/.test(url.protocol) && url.pathname === '/'
  return isOrigin ? url : undefined
}
