/**
 * Directories that exist: the domain name system, and a registry in PostgreSQL.
 *
 * Invariants:
 *   L1. What a directory names is an origin that can be called; an entry that is none is left out.
 *   L2. Of SRV records the group with the lowest priority number counts; weights are not used, because
 *       the balancer of the edge sees how fast each one is.
 *
 * Source: RFC 2782 for SRV. Rejected: `dns.lookup`, which has no time to live and waits in a pool of
 * four threads that it shares with the file system.
 */
import { Resolver } from 'node:dns/promises'
import type { Located, Lookup } from '#edge'
import type { Place } from '#host'

/** What is used of Node's resolver. */
export interface DnsQuestions {
  resolve4(
    host: string,
    options: { readonly ttl: true },
  ): Promise<readonly { readonly address: string; readonly ttl: number }[]>
  resolve6(
    host: string,
    options: { readonly ttl: true },
  ): Promise<readonly { readonly address: string; readonly ttl: number }[]>
  resolveSrv(
    name: string,
  ): Promise<readonly { readonly name: string; readonly port: number; readonly priority: number }[]>
}

/** Longest wait for one name server, in ms; then the next one is asked. */
const SERVER_MS_MAX = 1_000

/** Node's resolver, which asks the name servers of the machine. */
export function dnsQuestions(): DnsQuestions {
  return new Resolver({ timeout: SERVER_MS_MAX, tries: 2 })
}

/** Each address of a host. */
export function dnsLookup(
  { host, port }: Extract<Place, { kind: 'dns' }>,
  dns: DnsQuestions,
): Lookup {
  return async () => {
    const answers = await Promise.allSettled([
      dns.resolve4(host, { ttl: true }),
      dns.resolve6(host, { ttl: true }),
    ])
    const found = answers.flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
    const [failed] = answers.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
    // A host without addresses of one family answers that question with an error.
    if (found.length === 0 && failed !== undefined) throw failed
    const origins = found.map(({ address }) => originOf(address, port))
    return { origins, ttlMs: Math.min(...found.map(({ ttl }) => ttl * 1_000)) }
  }
}

/** Where the SRV records of a name point to. */
export function srvLookup({ name }: Extract<Place, { kind: 'srv' }>, dns: DnsQuestions): Lookup {
  return async (): Promise<Located> => {
    const records = await dns.resolveSrv(name)
    const first = Math.min(...records.map(({ priority }) => priority))
    const used = records.filter(({ priority, port }) => priority === first && port > 0)
    return { origins: used.map((record) => originOf(record.name, record.port)) }
  }
}

function originOf(host: string, port: number): string {
  return new URL(`http://${host.includes(':') ? `[${host}]` : host}:${port}`).origin
}
