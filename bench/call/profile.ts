/**
 * `node --conditions=holdfast-src bench/call/profile.ts`: where the processor's time of a call goes.
 *
 * Both sides run in this process, so that one profile has the whole way of a call. The places are those
 * whose own time is longest; the parts are sums over folders and packages.
 */
import { type Profiler, Session } from 'node:inspector/promises'
import { callEcho, serveEcho } from './echo.ts'

const WARM_MS = 1_500
const PROFILE_MS = 6_000
const CALLERS = 32
const PLACES_MAX = 25

const call = callEcho(await serveEcho())
await load(WARM_MS)

const session = new Session()
session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.setSamplingInterval', { interval: 200 })
await session.post('Profiler.start')
const calls = await load(PROFILE_MS)
const { profile } = await session.post('Profiler.stop')

print('part', sums(profile, partOf), Infinity)
print('place', sums(profile, placeOf), PLACES_MAX)
process.exit(0)

async function load(ms: number): Promise<number> {
  const endMs = performance.now() + ms
  let done = 0
  const caller = async (): Promise<void> => {
    while (performance.now() < endMs) {
      // oxlint-disable-next-line no-await-in-loop -- a caller asks again when it was answered.
      await call()
      done += 1
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  return done
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
  for (const idle of ['(idle)', '(program)', '(root)']) totals.delete(idle)
  return totals
}

function placeOf({ functionName, url, lineNumber }: Profiler.ProfileNode['callFrame']): string {
  const file = url.replace(/^.*\/(?=(?:src|node_modules|bench)\/)/, '')
  return file === '' ? functionName : `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`
}

function partOf({ functionName, url }: Profiler.ProfileNode['callFrame']): string {
  const [, own] = /\/(src\/\w+(?:\/\w+)?)\//.exec(url) ?? []
  const [, library] = /\/node_modules\/([\w@-]+)\//.exec(url) ?? []
  if (url.startsWith('node:')) return url.replace(/^(node:(?:internal\/)?[^/]+).*$/, '$1')
  return library ?? own ?? (url === '' ? functionName : 'bench')
}

function print(what: string, totals: ReadonlyMap<string, number>, max: number): void {
  const all = [...totals.values()].reduce((sum, each) => sum + each, 0)
  const longest = [...totals].toSorted(([, left], [, right]) => right - left).slice(0, max)
  console.log(`\n${what}: ${(all / calls).toFixed(0)} µs a call in ${calls} calls`)
  for (const [name, us] of longest) {
    const share = ((100 * us) / all).toFixed(1).padStart(5)
    if (us / all > 0.005)
      console.log(`${share} %  ${(us / calls).toFixed(1).padStart(6)} µs  ${name}`)
  }
}
