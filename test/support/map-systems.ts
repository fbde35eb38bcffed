/**
 * Systems for the tests of the map, written as what each service calls, emits and hears.
 */
import {
  after,
  contract,
  type Criticality,
  edge,
  type Edge,
  event,
  nothing,
  query,
  type Service,
  service,
  sql,
  system,
  type System,
  when,
} from '#model'

/** How a service calls another one. */
interface CallPlan {
  readonly retry?: 1 | 2 | 3 | 4 | 5
  readonly deadline?: `${number}${'ms' | 's'}`
  readonly hasFallback?: boolean
  readonly hedge?: `${number}ms`
  readonly criticality?: Criticality
}

/** One service: its operation is `ask`, its event is `told`. */
interface ServicePlan {
  readonly calls?: Readonly<Record<string, CallPlan>>
  readonly hears?: readonly string[]
  /** True if what it hears makes it call. */
  readonly asksWhenItHears?: boolean
  readonly route?: `GET /${string}`
  /** Name of its database. @defaultValue its own name */
  readonly store?: string
  readonly team?: string
}

/** Services by name. */
export type Plan = Readonly<Record<string, ServicePlan>>

/** A contract with one query and one event. */
function contractOf(name: string, { route }: ServicePlan): ReturnType<typeof plain> {
  return plain(name, route === undefined ? {} : { http: { route } })
}

function plain(name: string, options: { readonly http?: { readonly route: `GET /${string}` } }) {
  return contract(name, {
    ask: query({ input: nothing, output: nothing, ...options }),
    told: event({ payload: nothing, key: () => 'one' }),
  })
}

const asking = after(
  async () => {},
  () => undefined,
)

/** The system that a plan describes. */
export function planned(plan: Plan): System {
  const contracts = new Map(
    Object.entries(plan).map(([name, each]) => [name, contractOf(name, each)]),
  )
  const named = (name: string): ReturnType<typeof plain> => {
    const found = contracts.get(name)
    if (found === undefined) throw new Error(`the plan has no ${name}`)
    return found
  }
  const services = Object.entries(plan).map(([name, each]): Service => {
    const uses = Object.entries(each.calls ?? {}).map(([to, call]) => edgeTo(named(to), call))
    const isAsking = uses.length > 0
    return service(
      named(name),
      sql({ migrations: new URL(`file:///databases/${each.store ?? name}/`) }),
      {
        uses,
        ...(each.team === undefined ? {} : { team: each.team }),
        handle: { ask: isAsking ? asking : () => undefined },
        when: (each.hears ?? []).map((other) =>
          when(named(other).told, each.asksWhenItHears === true ? asking : () => undefined),
        ),
      },
    )
  })
  return system('planned', { services })
}

function edgeTo(
  target: ReturnType<typeof plain>,
  { retry, deadline = '1s', hasFallback, hedge, criticality }: CallPlan,
): Edge {
  return edge(target, {
    deadline,
    ...(criticality === undefined ? {} : { criticality }),
    ops: {
      ask: {
        ...(retry === undefined ? {} : { retry }),
        ...(hedge === undefined ? {} : { hedge }),
        ...(hasFallback === true ? { fallback: undefined } : {}),
      },
    },
  })
}

/** A chain: each service calls the next one, all in the same way. */
export function chain(names: readonly string[], call: CallPlan = {}): Plan {
  return Object.fromEntries(
    names.map((name, index) => {
      const next = names[index + 1]
      return [name, next === undefined ? {} : { calls: { [next]: call } }]
    }),
  )
}
