/**
 * Watches a running system for ghosts: arrows that are taken and declared nowhere, each told once.
 */
import { type Ghost, ghostsIn, graphOf, Witness } from '#map'
import type { System } from '#model'
import type { Fact, Observe } from '#observe'

/** Arrows that are told apart; the names of callers come from the network. */
const ARROWS_MAX = 10_000

/** Hears the facts of a system, and says each ghost when it is first seen. */
export function ghostWatch(system: System, say: (ghost: Ghost) => void): Observe {
  const graph = graphOf(system)
  const known = new Set<string>()
  const isNew = (name: string): boolean => {
    if (known.has(name) || known.size >= ARROWS_MAX) return false
    known.add(name)
    return true
  }
  return (fact) => {
    const arrow = arrowOf(fact)
    if (arrow === undefined || !isNew(`${fact.fact} ${arrow}`)) return
    const witness = new Witness()
    witness.see(fact)
    for (const ghost of ghostsIn(graph, witness.observation()))
      if (isNew(`ghost ${ghost.name}`)) say(ghost)
  }
}

function arrowOf(fact: Fact): string | undefined {
  if (fact.fact === 'called') return fact.edge
  if (fact.fact === 'served') return `${fact.caller}>${fact.operation}`
  return fact.fact === 'consumed' ? `${fact.edge}.${fact.event}` : undefined
}
