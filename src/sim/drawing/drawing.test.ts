import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sceneOf } from './scene.ts'
import { drawn } from './drawing.ts'
import type { Step } from '../trace.ts'

const step = (atMs: number, who: string, kind: string, detail: string): Step => ({
  atUs: atMs * 1_000,
  who,
  kind,
  detail,
})

/** Two requests: the first one's answer is lost, so it is sent again, and that one is late. */
const STEPS: readonly Step[] = [
  step(0, 'a>b#0', 'send', 'POST /pay 2 B 00000000'),
  step(2, '*', 'event', 'arrive a>b#0'),
  step(2, 'b#1', 'event', 'serve a>b#0'),
  step(3, 'db:b', 'sql', 'insert into charge (id) values ($1) -> 1 '),
  step(4, 'db:b', 'sql', 'commit -> 0 '),
  step(5, 'a>b#0', 'answer', '200 2 B 00000000'),
  step(5, '*', 'fault', 'lost-answer:a>b#0'),
  step(500, 'a>b#1', 'send', 'POST /pay 2 B 00000000'),
  step(900, '*', 'event', 'arrive a>b#1'),
  step(900, 'b#1', 'event', 'serve a>b#1'),
  step(901, '*', 'violation', 'always: <once>: twice'),
]

test('V1: a lost answer is lost, a straggler is late, and a database stands beside its service', () => {
  const { lines, messages, marks } = sceneOf(STEPS)

  const fates = messages.map(({ text, fate }) => `${text} ${fate}`)
  assert.deepEqual(fates, ['POST /pay arrived', '200 lost', 'POST /pay late'])
  assert.deepEqual(lines, ['a', 'b', 'db:b'])
  assert.deepEqual(
    marks.map(({ kind }) => kind),
    ['write', 'commit', 'violation'],
  )
})

test('U1: the file loads nothing and holds nothing that was not escaped', () => {
  const html = drawn({ title: 'x: <once>', steps: STEPS, story: ['a > b'], token: 'hf1.1.none' })

  assert.doesNotMatch(html, /<once>|src=|href=|url\(|@import/)
  assert.match(html, /&lt;once&gt;/)
  assert.match(html, /of silence/)
})
