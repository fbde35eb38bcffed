/**
 * Plain services: a program that uses nothing of Holdfast lives in the simulated world, and in no other.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { system } from 'holdfast'
import { type Load, type PlainService, simulate, type SimulationResult } from 'holdfast/sim'

const here = (file: string): URL => new URL(`plain/${file}`, import.meta.url)
const SERVER = { entry: here('server.ts'), schema: here('notes.sql') }

/** Runs a load against services in a world without faults. */
async function inWorld(
  services: Readonly<Record<string, PlainService>>,
  load: (w: Load) => Promise<unknown>,
  seed = 1,
): Promise<SimulationResult> {
  const result = await simulate(system('plain', { services: [] }), {
    services,
    seeds: [seed],
    faults: [],
    load,
  })
  assert.deepEqual(result.violations, [])
  return result
}

async function ask(w: Load, service: string, path: string): Promise<unknown> {
  return (await w.request(service, { path })).json()
}

/** What one service draws by chance in the world of this seed. */
async function drawn(seed: number): Promise<unknown> {
  let chance: unknown
  await inWorld({ one: SERVER }, async (w) => (chance = await ask(w, 'one', '/chance')), seed)
  return chance
}

test('P1: processes share no module, whatever file they are made of', async () => {
  const seen: unknown[] = []

  await inWorld({ one: SERVER, two: { ...SERVER, env: { PORT: '8081' } } }, async (w) => {
    seen.push(await ask(w, 'one', '/'), await ask(w, 'one', '/'), await ask(w, 'two', '/'))
  })

  const lines = true
  assert.deepEqual(seen, [
    { count: 1, lines },
    { count: 2, lines },
    { count: 1, lines },
  ])
})

test('P1: process.exit ends the process, and what it kept in memory is gone', async () => {
  const seen: unknown[] = []

  await inWorld({ one: SERVER }, async (w) => {
    seen.push(await ask(w, 'one', '/'))
    await assert.rejects(w.request('one', { path: '/exit', deadline: '1s' }))
    await w.sleep('3s')
    seen.push(await ask(w, 'one', '/'))
  })

  assert.deepEqual(
    seen.map((each) => (each as { readonly count: number }).count),
    [1, 1],
  )
})

test('time, timers and ticks are virtual, and as exact as the seed', async () => {
  const seen: unknown[] = []

  await inWorld({ one: SERVER }, async (w) => {
    seen.push(await ask(w, 'one', '/time'), await ask(w, 'one', '/order'))
  })

  assert.deepEqual(seen, [
    [2_000, 2_000],
    ['promise', 'tick', 'timer'],
  ])
})

test('chance comes from the seed: the same twice, another in another world', async () => {
  const first = await drawn(1)

  assert.deepEqual(await drawn(1), first)
  assert.notDeepEqual(await drawn(2), first)
})

test('new pg.Pool() is the database of the service, with the rows and errors of PostgreSQL', async () => {
  let answer: unknown

  await inWorld({ one: SERVER }, async (w) => (answer = await ask(w, 'one', '/database')))

  assert.deepEqual(answer, {
    rows: [
      { id: 'b', body: {} },
      { id: 'c', body: [1] },
    ],
    rowCount: 2,
    command: 'SELECT',
    counted: { count: 2 },
    code: '23505',
  })
})

test('O1: a program sees the variables of its scenario, and none of the machine', async () => {
  let seen: unknown

  await inWorld(
    { one: { ...SERVER, env: { PAYMENTS: 'http://two' } } },
    async (w) => (seen = await ask(w, 'one', '/environment')),
  )

  assert.deepEqual(seen, { PAYMENTS: 'http://two' })
})

test('O4: a program that answers with its stack has one trace, in every run', async () => {
  const stacks: unknown[] = []
  const load = async (w: Load): Promise<unknown> => stacks.push(await ask(w, 'one', '/stack'))

  const first = await inWorld({ one: SERVER }, load)
  const second = await inWorld({ one: SERVER }, load)

  assert.equal(second.traceHash, first.traceHash)
  assert.match(
    String(stacks[0]),
    /^Error: a mistake\n {4}at answer \(file:\/\/\/plain\/server\.ts:\d+/,
  )
})

test('localhost means whoever listens on the port, as on the laptop of its developer', async () => {
  let seen: unknown

  await inWorld(
    { one: SERVER, two: { ...SERVER, env: { PORT: '9000' } } },
    async (w) => (seen = await ask(w, 'two', '/neighbour')),
  )

  assert.deepEqual(seen, { count: 1, lines: true })
})

test('an exported fetch is served', async () => {
  let answer: unknown

  await inWorld({ handler: { entry: here('handler.ts') } }, async (w) => {
    const request = { method: 'POST', path: '/', body: { n: 1 } }
    answer = (await w.request('handler', request)).json()
  })

  assert.deepEqual(answer, { count: 1, body: { n: 1 } })
})

test('services that name the same database share it', async () => {
  let seen: unknown
  const sharing = { ...SERVER, database: 'notes' }

  await inWorld({ one: sharing, two: { ...sharing, env: { PORT: '81' } } }, async (w) => {
    await ask(w, 'one', '/database')
    seen = await ask(w, 'two', '/notes')
  })

  assert.deepEqual(seen, [{ id: 'b' }, { id: 'c' }])
})
