/**
 * Several instances of one service: who asks is led to each of them, each dies by itself, and what one
 * of them only remembers the others do not know.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '#errors'
import { system } from 'holdfast'
import { simulate, type SimulateOptions, type SimulationResult } from 'holdfast/sim'
import { bank, smallSystem } from './small-system.ts'

const here = (file: string): URL => new URL(`plain/${file}`, import.meta.url)

const OPERATIONS = 40

const idOf = (row: Readonly<Record<string, unknown>>): string => String(row['id'])

/** Forty deposits; every one that was acknowledged must be heard of. */
async function deposits(options: Partial<SimulateOptions>): Promise<SimulationResult> {
  const done = new Set<string>()
  return simulate(smallSystem, {
    seeds: 3,
    instances: { bank: 3, audit: 2 },
    load: async (world) => {
      done.clear()
      await world.many(OPERATIONS, async (index) => {
        await world.client(bank).deposit({ id: `d${index}`, cents: 5 })
        done.add(`d${index}`)
      })
    },
    settled: {
      'what was acknowledged was made, and the auditor heard of it once': async ({ sql }) => {
        const made = (await sql('bank')`select id from deposit order by id`).map(idOf)
        assert.deepEqual((await sql('audit')`select id from seen order by id`).map(idOf), made)
        assert.ok([...done].every((id) => made.includes(id)))
      },
    },
    ...options,
  })
}

/** How often each process served a request. */
function servedBy({ trace = [] }: SimulationResult, what: RegExp): ReadonlyMap<string, number> {
  const served = new Map<string, number>()
  for (const line of trace) {
    const [, who, process = ''] = /^\s*\S+\s+((\S+)#\d+)\s+event\s+serve /.exec(line) ?? []
    if (who === undefined || !what.test(line)) continue
    served.set(process, (served.get(process) ?? 0) + 1)
  }
  return served
}

test('I2: an edge spreads its calls over all instances, and so does the broker its events', async () => {
  const result = await deposits({ seeds: [1], faults: [], keepTrace: true })

  assert.deepEqual(result.violations, [])
  const calls = servedBy(result, /client>bank/)
  assert.deepEqual([...calls.keys()].toSorted(), ['bank-1', 'bank-2', 'bank-3'])
  assert.ok(
    [...calls.values()].every((count) => count >= OPERATIONS / 6),
    [...calls].join(),
  )
  const events = servedBy(result, />audit/)
  assert.deepEqual([...events.keys()].toSorted(), ['audit-1', 'audit-2'])
})

test('every fault strikes instances one by one, and nothing is lost or doubled', async () => {
  const { violations, coverage } = await deposits({ seeds: 12 })

  assert.deepEqual(violations, [])
  const crashes = coverage.flatMap(({ place, faults }) =>
    (faults['crash'] ?? 0) > 0 ? [place] : [],
  )
  for (const name of ['bank-1', 'bank-2', 'bank-3', 'audit-1', 'audit-2'])
    assert.ok(crashes.includes(name), `${name} never crashed: ${crashes.join()}`)
})

test('the same seed gives the same hash, one instance is what no instances are', async () => {
  const [first, again] = [await deposits({ seeds: [7] }), await deposits({ seeds: [7] })]
  assert.equal(again.traceHash, first.traceHash)

  const one = await deposits({ seeds: [7], instances: { bank: 1 } })
  const none = await deposits({ seeds: [7], instances: {} })

  assert.equal(one.traceHash, none.traceHash)
  assert.notEqual(one.traceHash, first.traceHash)
})

/** Each charge is asked for twice, one after the other, in a world without faults. */
async function charges(instances: number, schema = 'memory.sql'): Promise<readonly string[]> {
  const { violations } = await simulate(system('plain', { services: [] }), {
    seeds: 2,
    faults: [],
    services: { till: { entry: here('memory.ts'), schema: here(schema) } },
    instances: { till: instances },
    load: async (world) =>
      world.many(10, async (n) => {
        await world.request('till', { path: `/${n}` })
        await world.request('till', { path: `/${n}` })
      }),
    always: {
      'nobody is charged twice': async ({ sql }) =>
        (await sql('till')`select id from charges group by id having count(*) > 1`).length === 0,
    },
    settled: {
      'everybody is charged': async ({ sql }) =>
        (await sql('till')`select distinct id from charges`).length === 10,
    },
  })
  return violations.map(({ check }) => check)
}

test('what a process only remembers is enough for one instance, and for two it is not', async () => {
  assert.deepEqual(await charges(1), [])
  assert.ok((await charges(2)).includes('nobody is charged twice'))
  assert.deepEqual(await charges(2, 'memory-and-key.sql'), [])
})

test('instances of nobody, or too many, are refused by name', async () => {
  await assert.rejects(deposits({ instances: { bnak: 2 } }), refused(/instances names 'bnak'/))
  await assert.rejects(deposits({ cpu: { bnak: '1ms' } }), refused(/cpu names 'bnak'/))
  await assert.rejects(deposits({ instances: { bank: 17 } }), refused(/'bank' was given 17/))
})

function refused(detail: RegExp): (error: unknown) => boolean {
  return (error) => isHoldfastError(error, 'HF_CONFIG_INVALID') && detail.test(error.detail)
}
