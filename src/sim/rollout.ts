/**
 * A rolling deploy: services that begin at an older version and become new ones, each at its own moment.
 *
 * Intuition: in every deploy there is a time in which the two versions talk to each other, and a test of
 * either of them alone never sees it. So each seed draws who is old when the world begins and when each
 * is replaced. What old services left in outboxes and tables is there when the last of them is gone.
 *
 * Invariants:
 *   R1. Which version a process runs is decided by the seed, and never goes back.
 *   R2. What one version sends and the other refuses by its contract is a violation, even where the
 *       sender tries again until the deploy is over.
 *   R3. After `finish` every service runs, or starts, the new version: only it has to come to rest.
 *
 * The tables are those of the new version from the beginning, as migrations run before their code does.
 */
import type { Service, System } from '#model'
import type { Fact } from '#observe'
import { chance } from './chance.ts'
import type { Process } from './process.ts'
import type { Schedule } from './schedule.ts'

/** How often a service is new from the beginning. */
const SHARE_OF_NEW = 0.25

/** When the last of the old ones is replaced, in ms after the faults began. */
const DEPLOYED_MS_MAX = 8_000

/** Codes that say: this is not what my contract declares. */
const MISUNDERSTOOD = [
  'HF_INPUT_INVALID',
  'HF_ANSWER_INVALID',
  'HF_EVENT_INVALID',
  'HF_OPERATION_UNKNOWN',
]

/** A service as one version of the system declares it. */
export interface Version {
  readonly service: Service
  readonly system: System
}

/** Who is old, and until when. */
export class Rollout {
  readonly #seed: number
  readonly #schedule: Schedule
  readonly #older: System | undefined
  /** Processes that became new. */
  readonly #replaced = new Set<string>()

  constructor(seed: number, schedule: Schedule, older: System | undefined) {
    this.#seed = seed
    this.#schedule = schedule
    this.#older = older
  }

  /** What the process runs if it starts now; `present` is its new version. */
  versionOf(process: string, present: Version): Version {
    return this.#oldOf(process, present.service.name) ?? present
  }

  /** From now on the old ones are replaced, one after another. */
  begin(services: readonly Process[]): void {
    for (const process of services) {
      if (this.#oldOf(process.name, process.service) === undefined) continue
      this.#schedule.note(process.name, 'version', 'older')
      const afterUs = chance(this.#seed, `deploy ${process.name}`) * DEPLOYED_MS_MAX * 1_000
      const run = (): void => this.#replace(process)
      this.#schedule.at({ afterUs, label: `deploy ${process.name}`, run })
    }
  }

  /** Replaces whoever is still old. */
  finish(services: readonly Process[]): void {
    for (const process of services) this.#replace(process)
  }

  #replace(process: Process): void {
    if (this.#oldOf(process.name, process.service) === undefined) return
    this.#replaced.add(process.name)
    this.#schedule.note(process.name, 'deploy', 'the new version takes over')
    process.crash('replaced by the new version')
    process.start()
  }

  /** The older version, if that is what the process runs. */
  #oldOf(process: string, name: string): Version | undefined {
    const system = this.#older
    const service = system?.services.find((each) => each.name === name)
    if (system === undefined || service === undefined || this.#replaced.has(process))
      return undefined
    return chance(this.#seed, `new ${process}`) < SHARE_OF_NEW ? undefined : { service, system }
  }
}

/** What was not understood, if a fact says so. What the load asks is the load's own business. */
export function misunderstanding(fact: Fact): string | undefined {
  if (fact.fact !== 'called' && fact.fact !== 'undelivered') return undefined
  const words = fact.fact === 'called' ? (fact.code ?? '') : fact.error
  const isMeant = !fact.edge.startsWith('client>')
  const isOne = isMeant && MISUNDERSTOOD.some((code) => words.includes(code))
  return isOne ? `${fact.edge}: ${words}` : undefined
}
