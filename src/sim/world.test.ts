/**
 * Processes and the network between them, without databases: each test lets a small world run for some
 * simulated seconds and looks at what its processes saw.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '#errors'
import type { WireHandler, World } from '#world'
import { type FaultKind, Faults } from './fault.ts'
import { SimulatedNetwork } from './network.ts'
import { installGlobals } from './patch/install.ts'
import { Process, type Program } from './process.ts'
import { Schedule } from './schedule.ts'
import { Trace } from './trace.ts'
import { watchEscapes } from './patch/escape.ts'

interface SmallWorld {
  readonly schedule: Schedule
  readonly network: SimulatedNetwork
  readonly faults: Faults
  readonly trace: Trace
  readonly processes: ReadonlyMap<string, Process>
  readonly violations: readonly string[]
  run(forMs: number): Promise<void>
}

function smallWorld(
  programs: Readonly<Record<string, Program>>,
  options: {
    readonly seed?: number
    readonly allowed?: readonly FaultKind[]
    readonly only?: readonly string[]
  } = {},
): SmallWorld {
  const { seed = 1, allowed = [], only } = options
  const trace = new Trace({ keeps: true })
  const schedule = new Schedule(seed, trace)
  const note = (name: string): void => schedule.note('*', 'fault', name)
  const faults = new Faults({ seed, allowed, only, note })
  const network = new SimulatedNetwork({ seed, schedule, faults })
  const violations: string[] = []
  const surroundings = {
    seed,
    schedule,
    networkOf: network.of.bind(network),
    died: network.died.bind(network),
    violated: (kind: string, who: string, detail: string): void => {
      violations.push(`${kind} ${who}: ${detail}`)
    },
  }
  const processes = new Map<string, Process>()
  for (const [name, program] of Object.entries(programs)) {
    const process = new Process(name, program, surroundings)
    processes.set(name, process)
    network.join(process)
    process.start()
  }
  faults.begin()
  const run = async (forMs: number): Promise<void> => {
    const restore = installGlobals()
    const unwatch = watchEscapes()
    try {
      const untilUs = schedule.nowUs + forMs * 1_000
      await schedule.run({ untilUs, isOver: () => false, between: () => undefined })
    } finally {
      unwatch()
      restore()
    }
  }
  return { schedule, network, faults, trace, processes, violations, run }
}

/** A service that counts what it served. */
function counter(served: string[]): Program {
  return async ({ world, name }) => {
    const handler: WireHandler = async ({ path }) => {
      served.push(`${name} ${path}`)
      return { status: 200, headers: {}, body: new TextEncoder().encode(path) }
    }
    await world.network.listen({ host: name, port: 80 }, handler)
  }
}

async function ask(world: World, origin: string, path: string, deadlineMs = 500): Promise<string> {
  const controller = new AbortController()
  const cancel = world.timers.after(deadlineMs, () => controller.abort(new Error('late')))
  try {
    const { body } = await world.network.send(origin, {
      method: 'GET',
      path,
      headers: {},
      body: undefined,
      signal: controller.signal,
      answerBytesMax: 1_000,
    })
    return new TextDecoder().decode(body)
  } catch (error) {
    return isHoldfastError(error) ? error.code : String(error)
  } finally {
    cancel()
  }
}

/** A service that never answers. */
const silent: Program = async ({ world, name }) => {
  await world.network.listen({ host: name, port: 80 }, () => new Promise(() => {}))
}

/** A program that asks `count` times, one after another. */
function asker(count: number, answers: string[], gapMs = 10): Program {
  return async ({ world }) => {
    for (let index = 0; index < count; index += 1) {
      answers.push(await ask(world, 'http://b', `/${index}`))
      await new Promise<void>((resolve) => void world.timers.after(gapMs, resolve))
    }
  }
}

test('P1: after a crash no continuation runs: no timer, no answer, no finally', async () => {
  const said: string[] = []
  const program: Program = async ({ name, world }) => {
    const say = (what: string): void => void said.push(`${name} ${what}`)
    setInterval(() => say('interval'), 10)
    void (async () => {
      try {
        await ask(world, 'http://b', '/')
        say('answered')
      } finally {
        say('finally')
      }
    })()
    void Promise.reject(new Error('caught')).catch(() => say('caught'))
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    say('slept')
  }
  const world = smallWorld({ a: program, b: silent })

  await world.run(25)
  world.processes.get('a')?.crash('test')
  await world.run(2_000)

  assert.deepEqual(said, ['a#1 caught', 'a#1 interval', 'a#1 interval'])
})

test('P2: what starts again is a new incarnation with a clock that begins anew', async () => {
  const seen: string[] = []
  const world = smallWorld({
    a: ({ name, world: { clock } }) =>
      void seen.push(`${name} ${clock.monotonicMs()} ${Date.now()}`),
  })

  await world.run(100)
  world.processes.get('a')?.crash('test')
  world.processes.get('a')?.start(50)
  await world.run(100)

  const epoch = Date.UTC(2026, 0, 5)
  assert.deepEqual(seen, [`a#1 40 ${epoch}`, `a#2 40 ${epoch + 150}`])
})

test('a paused process does nothing until it wakes, and its timers are then late', async () => {
  const firedMs: number[] = []
  const world = smallWorld({
    a: ({ world: { clock, timers } }) =>
      void timers.after(10, () => firedMs.push(clock.monotonicMs() - 40)),
  })

  await world.run(5)
  world.processes.get('a')?.pause(100)
  await world.run(200)

  assert.deepEqual(firedMs, [105])
})

test('X2: a lost answer was served, and its caller hears nothing', async () => {
  const served: string[] = []
  const answers: string[] = []
  const world = smallWorld(
    { a: asker(200, answers), b: counter(served) },
    { allowed: ['lost-answer'] },
  )

  await world.run(60_000)

  const lost = answers.flatMap((answer, index) => (answer === 'HF_CALL_LOST' ? [index] : []))
  assert.equal(served.length, 200)
  assert.ok(lost.length > 0)
  assert.deepEqual(
    world.faults.fired,
    lost.map((index) => `lost-answer:a>b#${index}`),
  )
})

test('a lost request was not served, and its caller hears nothing', async () => {
  const served: string[] = []
  const answers: string[] = []
  const world = smallWorld({ a: asker(200, answers), b: counter(served) }, { allowed: ['loss'] })

  await world.run(60_000)

  const lost = answers.flatMap((answer, index) => (answer === 'HF_CALL_LOST' ? [index] : []))
  assert.ok(lost.length > 0)
  assert.equal(served.length, 200 - lost.length)
  assert.ok(lost.every((index) => !served.includes(`b#1 /${index}`)))
})

test('a duplicate is served twice and answered once', async () => {
  const served: string[] = []
  const answers: string[] = []
  const world = smallWorld(
    { a: asker(200, answers), b: counter(served) },
    { allowed: ['duplicate'] },
  )

  await world.run(60_000)

  const twice = world.faults.fired.map((name) => `/${name.split('#')[1] ?? ''}`)
  assert.ok(twice.length > 0)
  assert.deepEqual(
    answers,
    answers.map((_, index) => `/${index}`),
  )
  for (const path of answers) {
    const times = served.filter((each) => each === `b#1 ${path}`).length
    assert.equal(times, twice.includes(path) ? 2 : 1, path)
  }
})

test('a straggler is served, too late for its caller', async () => {
  const served: string[] = []
  const answers: string[] = []
  const world = smallWorld({ a: asker(100, answers), b: counter(served) }, { allowed: ['delay'] })

  await world.run(60_000)

  assert.ok(world.faults.fired.length > 0)
  assert.equal(served.length, 100)
  assert.ok(answers.includes('HF_CALL_LOST'))
})

test('N1: a cut link blocks both ways, and mends', async () => {
  const [ofA, ofB, served]: [string[], string[], string[]] = [[], [], []]
  const both =
    (target: string, answers: string[]): Program =>
    async (incarnation) => {
      await counter(served)(incarnation)
      const { timers } = incarnation.world
      for (let index = 0; index < 3; index += 1) {
        answers.push(await ask(incarnation.world, target, `/${index}`, 300))
        await new Promise<void>((resolve) => void timers.after(600, resolve))
      }
    }
  const world = smallWorld({ a: both('http://b', ofA), b: both('http://a', ofB) })

  await world.run(300)
  world.network.links.cut('b', 'a', 1_000)
  await world.run(3_000)

  assert.deepEqual(ofA, ['/0', 'HF_CALL_LOST', '/2'])
  assert.deepEqual(ofB, ['/0', 'HF_CALL_LOST', '/2'])
  assert.equal(served.length, 4)
})

test('N2: who is down refuses; who dies with the request in hands resets it or is silent', async () => {
  const answers: string[] = []
  const world = smallWorld({ a: asker(40, answers, 0), b: silent })

  for (let time = 0; time < 20; time += 1) {
    await world.run(60)
    world.processes.get('b')?.crash('test')
    await world.run(20)
    world.processes.get('b')?.start()
    await world.run(600)
  }

  assert.ok(answers.includes('HF_CALL_NOT_SENT'))
  assert.ok(answers.includes('HF_CALL_LOST'))
})

test('F1: taking one fault out moves no other', async () => {
  const all = await lostAnswers({})
  const less = all.filter((_, index) => index !== 1)

  assert.ok(all.length > 3)
  assert.deepEqual(await lostAnswers({ only: less }), less)
})

async function lostAnswers(options: { only?: readonly string[] }): Promise<readonly string[]> {
  const programs = { a: asker(300, []), b: counter([]) }
  const world = smallWorld(programs, { seed: 5, allowed: ['lost-answer'], ...options })
  await world.run(200_000)
  return world.faults.fired
}

test('the same seed gives the same hash, another seed another', async () => {
  assert.equal(await hashOf(1), await hashOf(1))
  assert.notEqual(await hashOf(1), await hashOf(2))
})

async function hashOf(seed: number): Promise<string> {
  const allowed = ['loss', 'duplicate', 'delay', 'lost-answer'] as const
  const world = smallWorld({ a: asker(50, []), b: counter([]) }, { seed, allowed })
  await world.run(60_000)
  return world.trace.hash
}

test('user code sees the simulated clock, timers, randomness and network', async () => {
  const seen: unknown[] = []
  const program: Program = async () => {
    const before = performance.now()
    await new Promise((resolve) => setTimeout(resolve, 5_000))
    seen.push(new Date().toISOString(), performance.now() - before)
    seen.push(crypto.randomUUID(), Math.random())
    const response = await fetch('http://b/hello', { signal: AbortSignal.timeout(1_000) })
    seen.push(response.status, await response.text())
    seen.push(await fetch('http://nowhere/').catch((error: unknown) => String(error)))
  }
  const run = async (): Promise<unknown[]> => {
    seen.length = 0
    await smallWorld({ a: program, b: counter([]) }).run(10_000)
    return [...seen]
  }

  const first = await run()

  assert.deepEqual(first.slice(0, 2), ['2026-01-05T00:00:05.000Z', 5_000])
  assert.deepEqual(first.slice(4), [200, '/hello', 'TypeError: fetch failed'])
  assert.deepEqual(await run(), first)
})

test('G1: outside the world, and after it, everything is real', async () => {
  const before = globals()
  const realYear = new Date().getFullYear()
  const world = smallWorld({ a: () => {} })

  const running = world.run(10)
  assert.equal(new Date().getFullYear(), realYear)
  await running

  assert.deepEqual(globals(), before)
})

function globals(): unknown[] {
  const ofObjects: [object, string][] = [
    [globalThis, 'Date'],
    [globalThis, 'setTimeout'],
    [globalThis, 'fetch'],
    [Math, 'random'],
    [crypto, 'randomUUID'],
    [AbortSignal, 'timeout'],
  ]
  return ofObjects.map(([target, key]): unknown => Reflect.get(target, key))
}

test('an error that nobody catches kills its process and is reported with its line', async () => {
  const world = smallWorld({
    thrower: () => {
      setTimeout(() => {
        throw new Error('thrown')
      }, 10)
    },
    rejecter: () => {
      setTimeout(() => void Promise.reject(new Error('rejected')), 10)
    },
  })

  await world.run(100)

  const told = world.violations.map((each) => each.replace(/\.ts:\d+/, '.ts:LINE'))
  assert.deepEqual(told.toSorted(), [
    'uncaught rejecter#1: Error: rejected (sim/world.test.ts:LINE)',
    'uncaught thrower#1: Error: thrown (sim/world.test.ts:LINE)',
  ])
  assert.equal(world.processes.get('thrower')?.alive, undefined)
})

test('a real resource that simulated code creates is named with its line', async () => {
  const { open } = await import('node:fs/promises')
  const world = smallWorld({
    a: async () => {
      await open(import.meta.filename)
    },
  })

  await world.run(10)

  assert.match(
    world.violations[0] ?? '',
    /^escape a#1: reached for a real file \(\w+\) at sim\/world\.test\.ts:\d+/,
  )
})
