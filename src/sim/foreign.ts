/**
 * A service that is not ours, played by a program of the test.
 *
 * What the program keeps in variables is lost when it crashes, like any memory; what it asks `kept`
 * for is its disk.
 */
import type { WireHandler, World } from '#world'
import { never } from './actor.ts'
import type { Program } from './process.ts'

/** What a foreign program gets. */
export interface ForeignEnvironment {
  readonly name: string
  readonly world: World
  /** Something that survives crashes: the same object each time, made by `initial` the first time. */
  kept<T>(name: string, initial: () => T): T
}

/** A foreign program: answers requests as the wire has them, or as web standards do. */
export type ForeignProgram = (
  environment: ForeignEnvironment,
) => WireHandler | { readonly fetch: (request: Request) => Response | Promise<Response> }

/** The port on which every simulated service listens. */
export const PORT = 80

/** The program as a process runs it. Its disk lives as long as the run. */
export function foreignProgram(name: string, program: ForeignProgram): Program {
  const disk = new Map<string, unknown>()
  return async (incarnation) => {
    const { world } = incarnation
    const answers = program({ name, world, kept: diskReader(disk) })
    const handler = typeof answers === 'function' ? answers : wireHandler(answers.fetch, name)
    await world.network.listen({ host: name, port: PORT }, handler)
    await never()
  }
}

function diskReader(disk: Map<string, unknown>): ForeignEnvironment['kept'] {
  return <T>(key: string, initial: () => T): T => {
    if (!disk.has(key)) disk.set(key, initial())
    // Only this function writes the disk, and a key is asked for with one type.
    return disk.get(key) as T
  }
}

/** Bodies that a foreign program accepts at most, in bytes. */
const BODY_BYTES_MAX = 16 * 1024 * 1024

/** Web standards, as the simulated network calls them. */
export function wireHandler(
  answer: (request: Request) => Response | Promise<Response>,
  name: string,
): WireHandler {
  return async ({ method, path, headers, readBody, signal }) => {
    const hasBody = method !== 'GET' && method !== 'HEAD'
    const body = hasBody ? { body: Uint8Array.from(await readBody(BODY_BYTES_MAX)) } : {}
    const url = new URL(path, `http://${name}`)
    const response = await answer(new Request(url, { method, headers, signal, ...body }))
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: new Uint8Array(await response.arrayBuffer()),
    }
  }
}
