/**
 * The map as a Mermaid flowchart, for documents that draw it themselves.
 *
 * Calls are thick arrows, events dotted ones, as on the terminal and in the drawing. Names cannot
 * break out of the diagram: a name of a contract has letters and digits only, and is prefixed, so that
 * a service called `end` does not end it.
 */
import { callPolicyText } from './arrow-text.ts'
import type { ServiceNode, Store } from './graph.ts'
import type { SystemMap } from './system-map.ts'

/** The map as Mermaid's text. */
export function mermaidOf({ graph, calls }: SystemMap): string {
  const stores = graph.stores.flatMap((each, index) => storeLines(each, index))
  const events = [
    ...Map.groupBy(graph.events, ({ source, target }) => `${source}>${target}`).values(),
  ]
  return [
    'flowchart LR',
    ...graph.services.map(nodeLine),
    ...stores,
    ...calls.map((each) => {
      const { source, target, operation } = each.arrow
      return `  s_${source} == "${operation}<br/>${callPolicyText(each)}" ==> s_${target}`
    }),
    ...events.flatMap((group) => {
      const [first] = group
      if (first === undefined) return []
      const names = group.map(({ event }) => event).join('<br/>')
      return [`  s_${first.source} -. "${names}" .-> s_${first.target}`]
    }),
    '  classDef foreign stroke-dasharray: 4 3',
    '',
  ].join('\n')
}

function nodeLine({ name, isForeign }: ServiceNode): string {
  return isForeign ? `  s_${name}(["${name}<br/>foreign"]):::foreign` : `  s_${name}["${name}"]`
}

function storeLines({ name, owners }: Store, index: number): string[] {
  const id = `d_${index}`
  return [`  ${id}[("${name}")]`, ...owners.map((owner) => `  s_${owner} --- ${id}`)]
}
