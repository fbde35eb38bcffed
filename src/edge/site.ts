/**
 * The site of a service: everything that its arrows need from the process they run in.
 *
 * The host builds one per service, for real or in the simulation; nothing in `edge` reaches past it.
 */
import type { Service, System } from '#model'
import type { Observe } from '#observe'
import type { Database } from '#state'
import type { World } from '#world'

/** Where a service runs, and with what. */
export interface Site {
  readonly service: Service
  readonly system: System
  readonly world: World
  readonly database: Database
  /**
   * The origin (`http://host:port`) of a service of the system, or those of its instances.
   *
   * @throws HF_CALL_NOT_SENT if unknown.
   */
  readonly resolve: (target: string) => string | readonly string[]
  /** Hears of a callee that could not be reached: perhaps it has moved. @defaultValue nobody listens */
  readonly unreachable?: (target: string) => void
  readonly observe: Observe
  /** Tells this process's relay that the outbox has new rows. Cheap; a lost wake costs one poll interval. */
  readonly wake: () => void
}
