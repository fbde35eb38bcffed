import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dnsLookup, type DnsQuestions, srvLookup } from './lookups.ts'

const { signal } = new AbortController()
const refused = async (): Promise<never> => {
  throw new Error('ENODATA')
}
const none: DnsQuestions = { resolve4: refused, resolve6: refused, resolveSrv: refused }
const place = { kind: 'dns', host: 'payments.internal', port: 8080 } as const

test('each address of a host is an instance, for as long as the shortest time to live', async () => {
  const lookup = dnsLookup(place, {
    ...none,
    resolve4: async () => [
      { address: '10.0.0.1', ttl: 30 },
      { address: '10.0.0.2', ttl: 5 },
    ],
    resolve6: async () => [{ address: 'fd00::1', ttl: 60 }],
  })

  assert.deepEqual(await lookup(signal), {
    origins: ['http://10.0.0.1:8080', 'http://10.0.0.2:8080', 'http://[fd00::1]:8080'],
    ttlMs: 5_000,
  })
})

test('a host without addresses of the sixth version is there all the same', async () => {
  const lookup = dnsLookup(place, {
    ...none,
    resolve4: async () => [{ address: '10.0.0.1', ttl: 30 }],
  })

  assert.deepEqual((await lookup(signal)).origins, ['http://10.0.0.1:8080'])
})

test('a host that nobody knows is no answer', async () => {
  await assert.rejects(dnsLookup(place, none)(signal), /ENODATA/)
})

test('of SRV records those with the lowest priority number count', async () => {
  const lookup = srvLookup(
    { kind: 'srv', name: '_payments._tcp.internal' },
    {
      ...none,
      resolveSrv: async () => [
        { name: 'a.internal', port: 8080, priority: 10 },
        { name: 'backup.internal', port: 8080, priority: 20 },
        { name: 'b.internal', port: 8081, priority: 10 },
      ],
    },
  )

  assert.deepEqual(await lookup(signal), {
    origins: ['http://a.internal:8080', 'http://b.internal:8081'],
  })
})
