/**
 * The thread that notices when the main one does not come back, and asks it where it is.
 *
 * It speaks to the main thread as a debugger does: that one is stopped where it is, and is told its own
 * stack by a call of what stands under `STALLED`, since only there is it known on whose behalf it runs.
 */
import { Session } from 'node:inspector/promises'
import { parentPort, workerData } from 'node:worker_threads'

/**
 * CPU time that simulated code may take before it awaits something, in ms. More than a database takes to
 * start: to ask it would slow it down.
 */
export const CPU_MS_MAX = 4_000

/** How often the main thread gives a sign, and how often somebody looks, in ms. */
export const LOOK_MS = 500

/** Under which symbol the main thread can be called. */
export const STALLED = 'holdfast.stalled'

if (workerData instanceof SharedArrayBuffer) {
  // A session does not keep a thread alive, an open port does.
  parentPort?.on('message', () => undefined)
  void watch(new Int32Array(workerData))
}

async function watch(beats: Int32Array): Promise<void> {
  for (;;) {
    const beat = Atomics.load(beats, 0)
    const before = process.cpuUsage()
    while (Atomics.load(beats, 0) === beat) {
      Atomics.wait(beats, 0, beat, LOOK_MS)
      const { user, system } = process.cpuUsage(before)
      if ((user + system) / 1_000 < CPU_MS_MAX) continue
      // oxlint-disable-next-line no-await-in-loop -- nothing else is to be done here.
      await ask()
      break
    }
  }
}

interface Frame {
  readonly callFrameId: string
  readonly location: { readonly scriptId: string; readonly lineNumber: number }
}

/** Stops the main thread, tells it where it is, and lets it go on unless that was its end. */
async function ask(): Promise<void> {
  const session = new Session()
  session.connectToMainThread()
  const urls = new Map<string, string>()
  session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url))
  const paused = Promise.withResolvers<readonly Frame[]>()
  session.once('Debugger.paused', ({ params }) => paused.resolve(params.callFrames))
  await session.post('Debugger.enable')
  await session.post('Debugger.pause')
  const frames = await paused.promise
  const lines = frames.map(
    ({ location }) => `at ${urls.get(location.scriptId)}:${location.lineNumber + 1}`,
  )
  const expression = `globalThis[Symbol.for('${STALLED}')]?.(${JSON.stringify(lines.join('\n'))})`
  const [{ callFrameId } = { callFrameId: '' }] = frames
  await session.post('Debugger.evaluateOnCallFrame', { callFrameId, expression })
  session.disconnect()
}
