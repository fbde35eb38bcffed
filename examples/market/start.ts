/**
 * The market, running: `holdfast dev` on this folder, and customers who place two orders a second.
 *
 * It is the parent of the real command line, as a shell would be: signals are passed on, and the exit
 * code is the child's.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { load } from './load.ts'

const ORDERS_PER_SECOND = 2
/** One key press may arrive twice, from the terminal and from npm; a second wish comes later than this. */
const ECHO_MS_MAX = 500

const origin = `http://localhost:${process.env['PORT'] || 4_000}`
const closing = new AbortController()
const market = startMarket()

market.once('exit', (code, signal) => {
  process.exitCode = code ?? (signal === null ? 0 : 1)
  closing.abort()
})
passOn(market, ['SIGINT', 'SIGTERM'])

if (await isReady()) {
  console.log(`  Place an order:  ${curl()}\n`)
  const { signal } = closing
  await load({ origin, ordersPerSecond: ORDERS_PER_SECOND, ordersMax: Infinity, signal })
}

/** Detached: Ctrl-C in the terminal reaches this program alone, which passes it on once. */
function startMarket(): ChildProcess {
  const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
  const folder = fileURLToPath(new URL('.', import.meta.url))
  return spawn(process.execPath, ['--conditions=holdfast-src', cli, 'dev', folder], {
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  })
}

function passOn(child: ChildProcess, signals: readonly NodeJS.Signals[]): void {
  let passedMs = -Infinity
  for (const signal of signals) {
    process.on(signal, () => {
      closing.abort()
      if (performance.now() - passedMs < ECHO_MS_MAX) return
      passedMs = performance.now()
      child.kill(signal)
    })
  }
}

/** Waits until the market can take orders; false if it ended before. */
async function isReady(): Promise<boolean> {
  while (!closing.signal.aborted) {
    const response = await fetch(`${origin}/readyz`, { signal: closing.signal }).catch(
      () => undefined,
    )
    await response?.body?.cancel()
    if (response?.ok === true) return true
    await pause(200, undefined, { signal: closing.signal }).catch(() => undefined)
  }
  return false
}

function curl(): string {
  const headers = `-H 'content-type: application/json' -H 'Idempotency-Key: k1'`
  return `curl -s ${origin}/orders ${headers} -d '{"sku":"apple","quantity":2}'`
}
