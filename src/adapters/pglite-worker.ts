/**
 * The thread in which an embedded database lives. WebAssembly runs until it is done: on the main thread
 * one slow statement would stop every other request, and every deadline with it.
 *
 * It answers each message once, in order: a `Uint8Array` is protocol for the database, 'close' ends it.
 */
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { type OpenPglite, openPglite, packTemplate } from './pglite-open.ts'
import type { Answer, Question, Task } from './pglite-engine.ts'

async function work(task: Task): Promise<void> {
  if (task.task === 'pack') {
    await packTemplate(task.target)
    tell({ is: 'ready' })
    return
  }
  const database = await openPglite(task.place)
  let last: Promise<void> = Promise.resolve()
  parentPort?.on('message', (question: Question) => {
    last = last.then(() => answer(database, question))
  })
  tell({ is: 'ready' })
}

async function answer(database: OpenPglite, question: Question): Promise<void> {
  try {
    if (question === 'close') {
      await database.close()
      tell({ is: 'closed' })
      parentPort?.close()
      return
    }
    // A copy: what PGlite gives is a view of a buffer that it uses again.
    tell({ is: 'answered', bytes: (await database.execProtocolRaw(question)).slice() })
  } catch (error) {
    tell({ is: 'failed', error: String(error) })
  }
}

function tell(message: Answer): void {
  parentPort?.postMessage(message, message.is === 'answered' ? [message.bytes.buffer] : [])
}

if (!isMainThread) {
  // The adapter is the only one that starts this thread, and a task is what it hands over.
  const task: Task = workerData
  work(task).catch((error: unknown) => {
    tell({ is: 'failed', error: error instanceof Error ? error.message : String(error) })
  })
}
