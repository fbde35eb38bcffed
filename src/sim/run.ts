/**
 * One seed, from the first event to the last: boot, storm, calm.
 *
 * In the storm the load runs and faults fire; what must always hold is checked after commits. Then the
 * world heals: no more faults, links mended, everybody started. If the system is alive it comes to rest
 * within simulated minutes, and what must hold in the end is checked.
 *
 * Invariants:
 *   U1. The run is a function of the seed, the system and the options: equal runs have equal hashes.
 *   U2. It ends: boot, storm and calm each have a bound in simulated time.
 *   U3. It stops at its first violation, so that a trace ends where things went wrong.
 */
import { durationMs } from '#clock'
import type { System } from '#model'
import type { Fact } from '#observe'
import { Vigil } from './checks.ts'
import { DatabaseActor } from './database/actor.ts'
import { FAULT_KINDS, type FaultKind, Faults } from './fault.ts'
import { loadIn } from './load.ts'
import { Hopes } from './sometimes.ts'
import { unleash } from './nemesis.ts'
import { SimulatedNetwork } from './network.ts'
import type { SimulateOptions, Violation, ViolationKind } from './options.ts'
import { buildPlant, type Plant, type Prepared } from './plant.ts'
import { described } from './process.ts'
import { operationIn, operationsOf } from './shrink/operations.ts'
import { misunderstanding, Rollout } from './rollout.ts'
import { Schedule } from './schedule.ts'
import { type Unfinished, unfinished } from './stuck.ts'
import { type Step, Trace } from './trace.ts'
import { Turnstile } from './shrink/turnstile.ts'

/** How long the services have to start where nothing is in their way. */
const BOOT_MS_MAX = 60_000

/** How long a healed world has to come to rest: longer than any lease, deadline and backoff together. */
const CALM_MS_MAX = 600_000

/** How often a healed world is looked at, in ms. */
const LOOK_MS = 200

const DURATION_DEFAULT = '60s'

/** What came of one seed. */
export interface SeedResult {
  readonly violations: readonly Violation[]
  readonly simulatedMs: number
  readonly events: number
  readonly hash: string
  readonly faultsFired: readonly string[]
  /** Where a fault could have struck. */
  readonly places: Places
  readonly reached: readonly string[]
  readonly trace: readonly string[] | undefined
  /** The same, step by step, and how many clients `many` had, if the trace was kept. */
  readonly steps: readonly Step[] | undefined
  /** With a plan: the names of all faults that could have been planned. */
  readonly occasions: readonly string[]
  /** The operations whose messages a fault befell: `lost-answer payments.charge`. */
  readonly operationsStruck: readonly string[]
  /** Operations that the clients began. */
  readonly operations: number
}

/** Edges that carried a request, processes, and the services with a database. */
export interface Places {
  readonly edges: readonly string[]
  readonly processes: readonly string[]
  readonly databases: readonly string[]
  /** What can be asked for, or subscribed to. */
  readonly operations: readonly string[]
  /** The service of each process that is one of several. */
  readonly serviceOf: Readonly<Record<string, string>>
}

/** One world. */
export class Run {
  readonly #seed: number
  readonly #system: System
  readonly #options: SimulateOptions
  readonly #trace: Trace
  readonly #schedule: Schedule
  readonly #faults: Faults
  readonly #network: SimulatedNetwork
  readonly #rollout: Rollout
  readonly #plant: Plant
  readonly #always: Vigil
  readonly #settled: Vigil
  readonly #eventually: Vigil
  readonly #hopes: Hopes
  readonly #violations: Violation[] = []
  #isCheckDue = false
  readonly #turnstile: Turnstile
  #isLoadDone = false
  #isQuiet = false

  constructor(
    seed: number,
    system: System,
    prepared: readonly Prepared[],
    options: SimulateOptions,
  ) {
    this.#seed = seed
    this.#system = system
    this.#options = options
    this.#turnstile = new Turnstile(options.operationsMax ?? Infinity)
    this.#trace = new Trace({ keeps: options.keepTrace === true })
    const schedule = new Schedule(seed, this.#trace)
    const faults = new Faults({
      seed,
      allowed: allowedIn(options),
      only: options.onlyFaults,
      plan: options.plan,
      note: (name) => schedule.note('*', 'fault', name),
    })
    const network = new SimulatedNetwork({ seed, schedule, faults })
    this.#rollout = new Rollout(seed, schedule, options.older)
    this.#schedule = schedule
    this.#faults = faults
    this.#network = network
    const observer = new DatabaseActor('observer', seed, schedule)
    this.#plant = buildPlant({
      seed,
      system,
      prepared,
      foreign: options.foreign,
      instances: options.instances,
      cpu: options.cpu,
      observe: (fact) => this.#heard(fact),
      rollout: this.#rollout,
      schedule,
      faults,
      network,
      committed: () => {
        this.#isCheckDue = true
      },
      surroundings: {
        seed,
        schedule,
        networkOf: (incarnation) => network.of(incarnation),
        died: (incarnation) => {
          network.died(incarnation)
          for (const server of this.#plant.servers.values()) server.died(incarnation)
        },
        violated: (kind, who, detail) => this.#violate(kind, `${who} ${SENTENCES[kind]}`, detail),
      },
    })
    const { servers } = this.#plant
    this.#always = new Vigil({ checks: options.always ?? {}, servers, observer })
    this.#settled = new Vigil({ checks: options.settled ?? {}, servers, observer })
    this.#eventually = new Vigil({ checks: options.eventually ?? {}, servers, observer })
    this.#hopes = new Hopes({ checks: options.sometimes ?? {}, servers, observer })
  }

  /** Lets the world run to its end. Once. */
  async finish(): Promise<SeedResult> {
    if (await this.#boot()) {
      await this.#storm()
      await this.#calm()
    }
    this.#bury()
    return {
      violations: this.#violations,
      simulatedMs: this.#schedule.nowUs / 1_000,
      events: this.#schedule.events,
      hash: this.#trace.hash,
      faultsFired: this.#faults.fired,
      places: this.#places(),
      reached: this.#hopes.reached,
      trace: this.#trace.lines,
      steps: this.#trace.steps,
      occasions: this.#faults.occasions,
      operationsStruck: this.#operationsStruck(),
      operations: this.#turnstile.count,
    }
  }

  /** True once every client has ended, or left. */
  get #isLoadOver(): boolean {
    return this.#isLoadDone || this.#turnstile.isClosed
  }

  #heard(fact: Fact): void {
    this.#options.observe?.(fact)
    const detail = this.#options.older && misunderstanding(fact)
    if (detail !== undefined) {
      this.#violate('always', 'the two versions understand each other', detail)
    }
  }

  #places(): Places {
    return {
      edges: this.#network.edges,
      processes: this.#plant.everybody.map(({ name }) => name),
      databases: [...this.#plant.servers.keys()],
      operations: operationsOf(this.#system),
      serviceOf: Object.fromEntries(
        this.#plant.everybody
          .filter(({ name, service }) => name !== service)
          .map(({ name, service }) => [name, service]),
      ),
    }
  }

  #operationsStruck(): readonly string[] {
    return this.#network.messagesStruck.flatMap(({ kind, target, request }) => {
      const operation = operationIn(this.#system, target, request)
      return operation === undefined ? [] : [`${kind} ${operation}`]
    })
  }

  async #boot(): Promise<boolean> {
    for (const process of [...this.#plant.services, ...this.#plant.foreign]) process.start()
    await this.#until(BOOT_MS_MAX, () => this.#plant.down().length === 0)
    const down = this.#plant.down()
    if (down.length > 0) {
      this.#violate('start', 'every service starts in a world without faults', down.join('; '))
    }
    return this.#violations.length === 0
  }

  async #storm(): Promise<void> {
    const { services, foreign } = this.#plant
    this.#faults.begin()
    this.#rollout.begin(services)
    const client = this.#plant.client(async ({ world }) => {
      const { resolve } = this.#plant
      const observe = this.#plant.observeAs('client')
      try {
        await this.#options.load(
          loadIn({
            world,
            resolve,
            observe,
            only: this.#options.onlyClients,
            turnstile: this.#turnstile,
          }),
        )
      } catch (error) {
        this.#violate('load', 'the load ends without an error of its own', loadDetail(error))
      }
      this.#isLoadDone = true
    })
    const databases = [...this.#plant.servers.values()].map(({ wallClock }) => wallClock)
    unleash({
      seed: this.#seed,
      schedule: this.#schedule,
      faults: this.#faults,
      network: this.#network,
      mortals: [...services, ...foreign],
      everybody: [...services, ...foreign, client],
      clocks: [...services, ...foreign, client, ...databases],
    })
    const durationMsMax = durationMs(this.#options.duration ?? DURATION_DEFAULT)
    await this.#until(durationMsMax, () => this.#isLoadOver)
  }

  async #calm(): Promise<void> {
    this.#faults.heal()
    this.#network.links.mend()
    this.#schedule.note('*', 'heal', `${this.#faults.fired.length} faults fired`)
    this.#rollout.finish(this.#plant.services)
    for (const process of [...this.#plant.services, ...this.#plant.foreign]) process.start()
    this.#lookAround()
    await this.#until(CALM_MS_MAX, () => this.#isQuiet)
    if (this.#violations.length > 0) return
    this.#reportStuck()
    await this.#check('always')
    await this.#check('settled')
    await this.#check('eventually')
  }

  /** Looks every now and then whether all is quiet. */
  #lookAround(): void {
    const run = async (): Promise<void> => {
      const isFinished = this.#unfinished()?.pending.length === 0
      this.#isQuiet = isFinished && (await this.#eventually.all()) === undefined
      if (!this.#isQuiet) this.#lookAround()
    }
    this.#schedule.at({ afterUs: LOOK_MS * 1_000, label: 'look', run })
  }

  #unfinished(): Unfinished | undefined {
    return unfinished(this.#plant, this.#network, this.#isLoadOver)
  }

  #reportStuck(): void {
    const { pending, dead } = this.#unfinished() ?? { pending: ['an open transaction'], dead: [] }
    if (pending.length === 0 && dead.length === 0) return
    const sentence = `everything is finished within ${CALM_MS_MAX / 1_000} s after the last fault`
    this.#violate('unsettled', sentence, [...dead, ...pending].join('; '))
  }

  async #until(withinMs: number, isOver: () => boolean): Promise<void> {
    await this.#schedule.run({
      untilUs: this.#schedule.nowUs + withinMs * 1_000,
      isOver: () => this.#violations.length > 0 || isOver(),
      between: () => (this.#isCheckDue ? this.#checkIfAtRest() : undefined),
    })
  }

  async #checkIfAtRest(): Promise<void> {
    const servers = [...this.#plant.servers.values()]
    if (!servers.every((server) => server.isAtRest)) return
    this.#isCheckDue = false
    if (this.#violations.length > 0) return
    await this.#hopes.look()
    const broken = await this.#always.due()
    if (broken !== undefined) this.#violate('always', broken.check, broken.detail)
  }

  async #check(kind: 'always' | 'settled' | 'eventually'): Promise<void> {
    if (this.#violations.length > 0) return
    const broken = await {
      always: this.#always,
      settled: this.#settled,
      eventually: this.#eventually,
    }[kind].all()
    if (broken !== undefined) this.#violate(kind, broken.check, broken.detail)
  }

  #violate(kind: ViolationKind, check: string, detail: string): void {
    this.#schedule.note('*', 'violation', `${kind}: ${check}: ${detail}`)
    this.#violations.push({
      seed: this.#seed,
      kind,
      check,
      detail,
      atMs: this.#schedule.nowUs / 1_000,
      faults: [...this.#faults.fired],
      ...(this.#options.plan === undefined ? {} : { plan: this.#options.plan }),
      ...(this.#trace.lines === undefined ? {} : { trace: this.#trace.lines }),
    })
  }

  /** Nothing of this world may reach into the next one. */
  #bury(): void {
    this.#faults.heal()
    for (const process of this.#plant.everybody) process.crash('the end')
  }
}

const SENTENCES = {
  uncaught: 'leaves no error uncaught',
  escape: 'stays in the simulated world',
} as const

/** What looks like a misunderstanding of two versions must not happen where that is a violation. */
function allowedIn({ faults = FAULT_KINDS, older }: SimulateOptions): readonly FaultKind[] {
  const misleading: readonly FaultKind[] = ['corrupted-answer', 'dns-flip']
  return older === undefined ? faults : faults.filter((kind) => !misleading.includes(kind))
}

function loadDetail(error: unknown): string {
  return `${described(error)} (catch it, use \`.outcome\`, or call through \`many\`)`
}
