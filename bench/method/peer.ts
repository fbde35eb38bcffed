/**
 * Loads a peer from `bench/peers`, which has its own packages, so that the project's install stays
 * small: `npm ci` there installs them.
 */

/** The function that `group` of `module` has for this peer. */
export async function peerNamed(module: string, group: string, name: string): Promise<unknown> {
  const { href } = new URL(`../peers/${module}`, import.meta.url)
  // The modules of that folder export groups of functions by the names of the peers.
  const loaded = (await import(href)) as Readonly<Record<string, Readonly<Record<string, unknown>>>>
  const peer = loaded[group]?.[name]
  if (typeof peer !== 'function') throw new Error(`bench/peers/${module} has no ${group} '${name}'`)
  return peer
}
