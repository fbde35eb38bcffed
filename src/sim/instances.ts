/**
 * Several processes of one service: on one database, under one name, and mortal one by one.
 *
 * Invariants:
 *   I1. A service with one instance is a process with the service's name; of several, the instances
 *       are `payments-1`, `payments-2` and so on.
 *   I2. `resolve` names all of them. Whoever asks for the service's name alone is led to one of them,
 *       to another one each time, as by a name server.
 */
import { HoldfastError } from '#errors'

/** Instances of one service at most: more show nothing that these do not. */
const INSTANCES_MAX = 16

/** The names of a service's processes. */
export function instanceNames(service: string, count = 1): readonly string[] {
  if (count === 1) return [service]
  return Array.from({ length: count }, (_, index) => `${service}-${index + 1}`)
}

/**
 * Refuses what is said of services that do not exist, and numbers of instances that cannot be.
 *
 * @throws HF_CONFIG_INVALID
 */
export function refuseStrangers(
  services: readonly string[],
  {
    instances = {},
    cpu = {},
  }: {
    readonly instances?: Readonly<Record<string, number>> | undefined
    readonly cpu?: Readonly<Record<string, unknown>> | undefined
  },
): void {
  for (const [option, named] of Object.entries({ instances, cpu })) {
    const stranger = Object.keys(named).find((name) => !services.includes(name))
    if (stranger === undefined) continue
    throw new HoldfastError('HF_CONFIG_INVALID', {
      detail: `${option} names '${stranger}'; the services are ${services.join(', ')}`,
    })
  }
  for (const [name, count] of Object.entries(instances)) {
    if (Number.isInteger(count) && count >= 1 && count <= INSTANCES_MAX) continue
    throw new HoldfastError('HF_CONFIG_INVALID', {
      detail: `a service has 1 to ${INSTANCES_MAX} instances, and '${name}' was given ${count}`,
    })
  }
}
