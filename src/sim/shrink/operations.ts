/**
 * Which operation a message was about: `payments.charge` for a call, `inventory<orders.placed` for an event.
 *
 * A fault has the name of its edge and a number; what people want to know is whether the charge has
 * ever lost its answer.
 */
import { matchRoute, type Operation, type System } from '#model'
import type { OutgoingRequest } from '#world'

/** What can be asked of the system's services, and of the foreign ones, and what they subscribe to. */
export function operationsOf(system: System): readonly string[] {
  const asked = [...contractsOf(system)].flatMap(([target, operations]) =>
    operations.filter(({ kind }) => kind !== 'event').map(({ name }) => `${target}.${name}`),
  )
  const heard = system.services.flatMap(({ name, subscriptions }) =>
    subscriptions.map(({ event }) => `${name}<${event.contract}.${event.name}`),
  )
  return [...asked, ...heard]
}

/** The operation that a request to `target` means; `undefined` if the system declares none. */
export function operationIn(
  system: System,
  target: string,
  { method, path, body }: Pick<OutgoingRequest, 'method' | 'path' | 'body'>,
): string | undefined {
  if (path === EVENTS_PATH) {
    const [, type] = /"type":"(\w+\.\w+)"/.exec(new TextDecoder().decode(body)) ?? []
    return type === undefined ? undefined : `${target}<${type}`
  }
  const [pathname = ''] = path.split('?', 1)
  const found = contractsOf(system)
    .get(target)
    ?.find((operation) => routesOf(operation).some((each) => isAt(each, method, pathname)))
  return found && `${target}.${found.name}`
}

/** Where every service receives its events. */
const EVENTS_PATH = '/holdfast/events'

function contractsOf({ services, foreign }: System): ReadonlyMap<string, readonly Operation[]> {
  return new Map(
    [...services, ...foreign].map(({ name, contract }) => [
      name,
      Object.values(contract['~contract'].operations),
    ]),
  )
}

function routesOf(operation: Operation): readonly string[] {
  if (operation.kind === 'event') return []
  const declared = operation.http === undefined ? [] : [operation.http.route]
  return [...declared, `POST /${operation.contract}/${operation.name}`]
}

function isAt(route: string, method: string, pathname: string): boolean {
  return route.startsWith(`${method} `) && matchRoute(route, pathname) !== undefined
}
