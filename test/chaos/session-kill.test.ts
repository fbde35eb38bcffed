/**
 * `kill -9` of a callee with calls of a session under way.
 *
 * Goal: each call learns at once what is true of it: those that were under way may have happened, those
 * after it certainly did not. Method: a real process, killed while a hundred calls wait.
 */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { on, once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { httpNetwork } from '#adapters'
import { isHoldfastError } from '#errors'
import { sessionRequest } from '../support/session-pair.ts'

const PROGRAM = fileURLToPath(new URL('./session-process.ts', import.meta.url))
const CALLS = 100

test('a callee that is killed loses the calls under way, with unknown effect, and no others', async () => {
  const network = httpNetwork()
  const callee = fork(PROGRAM, { execArgv: ['--conditions=holdfast-src'] })
  try {
    const [{ origin }] = await once(callee, 'message')
    const send = (path: string) =>
      network.send(String(origin), sessionRequest({ path, transport: 'session' }))
    assert.equal((await send('/quick')).status, 200)
    const waiting = Promise.allSettled(Array.from({ length: CALLS }, () => send('/slow')))
    let began = 0
    for await (const [message] of on(callee, 'message')) {
      if (message.began === '/slow') began += 1
      if (began === CALLS) break
    }

    callee.kill('SIGKILL')

    for (const each of await waiting) {
      assert.ok(each.status === 'rejected' && isHoldfastError(each.reason, 'HF_CALL_LOST'))
      assert.equal(each.reason.effect, 'unknown')
    }
    await assert.rejects(send('/quick'), (error) => isHoldfastError(error, 'HF_CALL_NOT_SENT'))
  } finally {
    callee.kill('SIGKILL')
    await network.close()
  }
})
