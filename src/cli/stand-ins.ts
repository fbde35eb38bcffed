/**
 * Stand-ins: programs that play the foreign services while we develop.
 *
 * Each is a child process on a port behind the services' own. It is started again when it dies, at
 * most once a second, and it dies with us: its standard input is a pipe that breaks when we are gone,
 * however we went.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Config, shout } from '#host'
import type { Foreign, System } from '#model'
import type { Observe } from '#observe'
import { nodeTimers } from '#world'
import { freePort } from './free-port.ts'

/** The stand-ins that run. */
export interface StandIns {
  /** `HOLDFAST_URL_<NAME>` for each of them. */
  readonly variables: Readonly<Record<string, string>>
  stop(): void
}

const RESTART_AFTER_MS = 1_000

/** Starts a stand-in for each foreign service that has one and was not given an origin. */
export async function startStandIns(
  system: System,
  config: Config,
  observe: Observe,
): Promise<StandIns> {
  const variables: Record<string, string> = {}
  const stops: (() => void)[] = []
  for (const [index, foreign] of system.foreign.entries()) {
    if (foreign.standIn === undefined || config.places.has(foreign.name)) continue
    // oxlint-disable-next-line no-await-in-loop -- one port after the other, so that they stay in order.
    const port = await freePort(
      config.host,
      config.port === 0 ? 0 : config.port + system.services.length + 1 + index,
    )
    variables[`HOLDFAST_URL_${shout(foreign.name)}`] = `http://${config.host}:${port}`
    stops.push(keepRunning(foreign, fileURLToPath(foreign.standIn), port, config, observe))
  }
  return { variables, stop: () => stops.forEach((stop) => stop()) }
}

function keepRunning(
  { name }: Foreign,
  program: string,
  port: number,
  { host, directory }: Config,
  observe: Observe,
): () => void {
  let child: ChildProcess | undefined
  let cancelRestart: (() => void) | undefined
  let stopped = false
  const run = (): void => {
    const leash = new URL('leash.ts', import.meta.url).href.replace(
      /\.ts$/,
      import.meta.filename.slice(-3),
    )
    child = spawn(process.execPath, [...process.execArgv, '--import', leash, program], {
      env: { ...process.env, PORT: String(port), HOST: host, HOLDFAST_DIR: directory },
      stdio: ['pipe', 'ignore', 'inherit'],
    })
    observe({
      fact: 'lifecycle',
      service: name,
      phase: 'starting',
      detail: `stand-in on port ${port}`,
    })
    child.on('error', () => undefined)
    child.on('exit', (code, signal) => {
      if (stopped) return
      observe({
        fact: 'lifecycle',
        service: name,
        phase: 'stopped',
        detail: `stand-in ended (${signal ?? code})`,
      })
      cancelRestart = nodeTimers.after(RESTART_AFTER_MS, run)
    })
  }
  run()
  return () => {
    stopped = true
    cancelRestart?.()
    child?.kill('SIGTERM')
  }
}
