/**
 * Where the processor's time of some work goes: by part, which is a folder or a package, and by place,
 * which is a function.
 *
 * Own time, without that of what is called. Read the shares, not the microseconds: to be watched costs time.
 */
import { type Profiler, Session } from 'node:inspector/promises'

const INTERVAL_US = 200
const PLACES_MAX = 25
const SHARE_MIN = 0.005

/** It writes its result into the profile that it takes. */
const PROFILER = 'node:inspector'

/** What is no work, or is not ours. */
const OTHERS = ['(idle)', '(program)', '(root)', '', PROFILER]

/** Does work for about so long and gives how often it was done. */
export type Load = (ms: number) => Promise<number>

/** The profile of the work as Markdown; `what` is what is counted, such as a call. */
export async function profiled(what: string, load: Load, ms: number): Promise<string> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US })
  await session.post('Profiler.start')
  const count = await load(ms)
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  return [
    ...table(`part, per ${what}`, sums(profile, partOf), count, Infinity),
    '',
    ...table(`place, per ${what}`, sums(profile, placeOf), count, PLACES_MAX),
  ].join('\n')
}

/** Own time in µs, by the name that `nameOf` gives to a node of the profile. */
function sums(
  { nodes, samples = [], timeDeltas = [] }: Profiler.Profile,
  nameOf: (frame: Profiler.ProfileNode['callFrame']) => string,
): ReadonlyMap<string, number> {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const totals = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? ''
    totals.set(name, (totals.get(name) ?? 0) + (timeDeltas[index] ?? 0))
  }
  for (const other of OTHERS) totals.delete(other)
  return totals
}

function placeOf({ functionName, url, lineNumber }: Profiler.ProfileNode['callFrame']): string {
  if (url.startsWith(PROFILER)) return PROFILER
  const file = url.replace(/^.*\/(?=(?:src|node_modules|bench)\/)/, '')
  return file === '' ? functionName : `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`
}

function partOf({ functionName, url }: Profiler.ProfileNode['callFrame']): string {
  const [, own] = /\/(src\/\w+(?:\/\w+)?)\//.exec(url) ?? []
  const [, library] = /\/node_modules\/([\w@-]+)\//.exec(url) ?? []
  if (url.startsWith('node:')) return url.replace(/^(node:(?:internal\/)?[^/]+).*$/, '$1')
  if (url.startsWith('wasm:')) return 'WebAssembly'
  return library ?? own ?? (url === '' ? functionName : 'bench')
}

function table(
  head: string,
  totals: ReadonlyMap<string, number>,
  count: number,
  max: number,
): readonly string[] {
  const all = [...totals.values()].reduce((sum, each) => sum + each, 0)
  const longest = [...totals].toSorted(([, left], [, right]) => right - left).slice(0, max)
  return [
    `| share | µs | ${head}: ${(all / count).toFixed(1)} µs in all, ${count.toLocaleString('en-US')} times |`,
    '| ----: | ----: | --- |',
    ...longest
      .filter(([, us]) => us / all > SHARE_MIN)
      .map(
        ([name, us]) =>
          `| ${((100 * us) / all).toFixed(1)} % | ${(us / count).toFixed(2)} | ${cell(name)} |`,
      ),
  ]
}

function cell(name: string): string {
  return `\`${name.replaceAll('|', '/')}\``
}
