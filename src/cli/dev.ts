/**
 * `holdfast dev`: all services of a system on this machine, one line for each call and event.
 *
 * Exit codes: 0 it was drained; 1 an arrow was taken that is declared nowhere.
 *
 * Ctrl-C drains: what was accepted is finished. A second Ctrl-C does not wait.
 */
import { serve } from '#adapters'
import { readConfig, type RunningSystem } from '#host'
import type { Ghost } from '#map'
import type { System } from '#model'
import type { Observe } from '#observe'
import { nodeClock } from '#world'
import { factLine } from './fact-line.ts'
import { ghostWatch } from './ghost-watch.ts'
import { loadSystem } from './load-system.ts'
import { logFiles } from './log-files.ts'
import { paint, print, printJson } from './output.ts'
import { startStandIns } from './stand-ins.ts'

/** Runs until SIGINT or SIGTERM. */
export async function dev(folder: string, options: { readonly json?: boolean }): Promise<void> {
  const startedMs = nodeClock.monotonicMs()
  const system = await loadSystem(folder)
  const declared = readConfig(process.env, system)
  const logs = logFiles(declared.directory)
  const ghosts = ghostWatch(system, (ghost) => reportGhost(ghost, options.json === true))
  const observe = observer(options.json === true, (fact) => {
    logs.write(fact)
    ghosts(fact)
  })
  const standIns = await startStandIns(system, declared, observe)
  try {
    const environment = { ...process.env, ...standIns.variables }
    const running = await serve(system, { environment, observe })
    announce(system, running, nodeClock.monotonicMs() - startedMs, options.json === true)
    await stopRequested()
    await running.drain()
  } finally {
    standIns.stop()
    logs.close()
  }
}

function observer(asJson: boolean, log: Observe): Observe {
  return (fact) => {
    log(fact)
    if (asJson) return printJson(fact)
    const line = factLine(fact, nodeClock.wallMs())
    if (line !== undefined) print(line)
  }
}

/** It goes on, for a machine at work is not stopped by its drawing; but it does not end well. */
function reportGhost({ name, count }: Ghost, asJson: boolean): void {
  process.exitCode = 1
  if (asJson) return printJson({ ghost: name, count })
  const mark = paint('red', '✗ ghost', process.stderr)
  print(`${mark}  ${name} was taken and is declared nowhere: list it in \`uses\``, process.stderr)
}

function announce(system: System, running: RunningSystem, tookMs: number, asJson: boolean): void {
  const { origin, services } = running
  if (asJson) return printJson({ ready: true, origin, services, tookMs: Math.round(tookMs) })
  const events = system.eventEdges.length
  const calls = system.services.reduce((sum, each) => sum + each.uses.length, 0)
  const seconds = (tookMs / 1_000).toFixed(1)
  print('')
  print(
    `  ${paint('bold', system.name)}  ${services.length} services, ${calls} call edges, ${events} event edges` +
      `   ${paint('green', 'ready')} in ${seconds} s`,
  )
  print(`  ➜  public     ${origin}`)
  for (const each of services) print(`     ${each.name.padEnd(10)} ${each.origin}`)
  print(`     ${paint('dim', 'Ctrl-C drains; facts are kept in .holdfast/logs')}`)
  print('')
}

async function stopRequested(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let asked = false
  const onSignal = (): void => {
    if (asked) process.exit(130)
    asked = true
    resolve()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return promise
}
