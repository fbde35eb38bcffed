/**
 * Modules of their own for each incarnation of a plain service, and a `pg` that is simulated.
 *
 * Intuition: Node keeps a module by its URL, and a URL may end in a query. The entry is imported with a
 * query that nobody had before; every module that it imports inherits it, so all are evaluated again.
 * CommonJS forgets queries, so of it what is the user's is taken out of Node's cache instead.
 *
 * Invariants:
 *   M1. What lies in `node_modules` is loaded once, unless it is isolated; what Holdfast itself
 *       consists of, always once.
 *   M2. Outside of the simulation `pg` is the real one.
 */
import { createRequire, registerHooks } from 'node:module'
import { currentHousehold } from '../plain/household.ts'

const TAG = /\?holdfast=\d+$/

/** The stand-in for `pg`, and for the package in which its pool lives. */
const STAND_IN = new URL(
  `../plain/pg${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`,
  import.meta.url,
).href
/** The same with a default export, as most programs import it. */
const WITH_DEFAULT = 'holdfast:pg'
const SOURCE = `
export * from '${STAND_IN}'
import * as pg from '${STAND_IN}'
export { pg as default }`

const REPLACED = /^pg(?:-pool)?(?:\/.*)?$/

/** Holdfast's own sources. */
const OWN = new URL('../..', import.meta.url).href

const require = createRequire(import.meta.url)

/** Watches imports from now on. The result ends it. */
export function installModules(isolated: readonly string[]): () => void {
  const isShared = sharing(isolated)
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      const household = currentHousehold()
      if (household !== undefined && REPLACED.test(specifier)) {
        const url = context.conditions.includes('require') ? STAND_IN : WITH_DEFAULT
        return { url, shortCircuit: true }
      }
      const resolved = next(specifier, context)
      const tag = TAG.exec(context.parentURL ?? '')?.[0]
      if (tag === undefined || isShared(resolved.url)) return resolved
      return { ...resolved, url: resolved.url + tag }
    },
    load: (url, context, next) =>
      url === WITH_DEFAULT
        ? { format: 'module', source: SOURCE, shortCircuit: true }
        : next(url, context),
  })
  return () => hooks.deregister()
}

/** Imports a file as if it had never been imported. */
export async function importFresh(
  entry: URL,
  tag: string,
): Promise<Readonly<Record<string, unknown>>> {
  for (const path of Object.keys(require.cache)) {
    if (!path.includes('/node_modules/')) Reflect.deleteProperty(require.cache, path)
  }
  // A module's namespace is a record of its exports.
  return (await import(entry.href + tag)) as Readonly<Record<string, unknown>>
}

function sharing(isolated: readonly string[]): (url: string) => boolean {
  const own = isolated.map((name) => `/node_modules/${name}/`)
  return (url) =>
    !url.startsWith('file:') ||
    url.startsWith(OWN) ||
    (url.includes('/node_modules/') && !own.some((part) => url.includes(part)))
}
