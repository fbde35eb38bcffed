/**
 * What the map looks like in text, Mermaid and SVG. The whole market is drawn in test/map.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '#errors'
import { chain, type Plan, planned } from '../../test/support/map-systems.ts'
import { mermaidOf } from './mermaid.ts'
import { type AnyFact, observationOf } from './observation.ts'
import { pictureOf } from './picture.ts'
import { svgOf } from './svg.ts'
import { mapOf } from './system-map.ts'
import { textOf } from './text.ts'

const plan: Plan = {
  web: { calls: { orders: { deadline: '2s', retry: 3 } }, route: 'GET /web' },
  orders: {},
  mail: { hears: ['orders'] },
}
const map = mapOf(planned(plan))
const facts: readonly AnyFact[] = [
  { fact: 'called', edge: 'orders>bank.charge', attempts: 1, tookMs: 9 },
  { fact: 'called', edge: 'web>orders.ask', ended: 'done', attempts: 2, tookMs: 9 },
]
const ghostly = mapOf(planned(plan), { observation: observationOf(facts) })

test('the text says every arrow and every path', () => {
  const text = textOf(map).join('\n')

  assert.match(text, /^planned {2}3 services · 1 call · 1 event · \d ways in/)
  assert.match(text, /caller +==ask==> +web +GET \/web; reads only; worst = the caller's deadline/)
  assert.match(
    text,
    /web +==ask==> +orders +2 s over 3 attempts \(2 if each is waited for\); asks only/,
  )
  assert.match(
    text,
    /orders +~~told~~> +mail +at least once, in order per key, effect once \(inbox\)/,
  )
  assert.match(
    text,
    /web\.ask +waits 2 s at most \(6\.15 s .*amplification 3 at orders\.ask \(1\.1 each for many\); depth 1/,
  )
  assert.match(text, /available 99\.60 % = web x db\(web\) x orders x db\(orders\)/)
})

test('colour is laid on without changing a word', () => {
  const painted = textOf(map, (tone, text) => `<${tone}>${text}</${tone}>`)

  assert.deepEqual(
    painted.map((line) => line.replaceAll(/<\/?\w+>/g, '')),
    textOf(map),
  )
  assert.match(painted.join('\n'), /<call>==ask==><\/call>/)
})

test('what was seen stands beside what is declared, and a ghost is drawn dotted', () => {
  const text = textOf(ghostly).join('\n')

  assert.match(
    text,
    /==ask==> +orders .*; seen: p50 9 ms, p99 9 ms, worst 9 ms, 2 attempts each, 100 % of 1 answered/,
  )
  assert.match(text, /orders +\.\.charge\.\.> +bank +GHOST: declared nowhere/)
})

test('Mermaid has a node for each service and store, thick calls and dotted events', () => {
  const lines = mermaidOf(map).split('\n')

  assert.equal(lines[0], 'flowchart LR')
  assert.ok(lines.includes('  s_web == "ask<br/>2 s over 3 attempts" ==> s_orders'))
  assert.ok(lines.includes('  s_orders -. "told" .-> s_mail'))
  assert.equal(lines.filter((line) => /\[\("db\(/.test(line)).length, 3)
})

test('how an arrow is drawn says what is known of it, and a word says the same', () => {
  assert.deepEqual(
    pictureOf(map).rays.map(({ standing }) => standing),
    ['declared', 'declared'],
  )
  const [seen = '', unseen, ghost] = pictureOf(ghostly).rays.map(
    ({ source, target, standing, lines }) =>
      [source, target, standing, lines.at(-1)?.text].join(' '),
  )
  assert.match(seen, /^web orders seen p50/)
  assert.equal(unseen, 'orders mail unseen not seen')
  assert.equal(ghost, 'orders bank ghost undeclared')
  assert.equal(pictureOf(ghostly).cards.at(-1)?.kind, 'stranger')
})

test('the SVG says every arrow to whoever cannot see it, and has both palettes', () => {
  const svg = svgOf(map)

  assert.match(svg, /<title id="map-title">The map of planned<\/title>/)
  assert.match(svg, /<desc id="map-desc">[^<]*web +==ask==&gt; +orders/)
  assert.match(svg, /<title>orders to mail, event: told<\/title>/)
  assert.match(svg, /prefers-color-scheme: dark/)
  assert.match(svg, /@media print/)
  assert.equal(svg, svgOf(map))
})

test('the SVG is well formed: every element is closed, and nothing is unescaped', () => {
  const open: string[] = []
  for (const [, slash, name = '', rest = ''] of svgOf(ghostly).matchAll(
    /<(\/?)([a-z]+)([^>]*)>/g,
  )) {
    if (slash === '/') assert.equal(open.pop(), name)
    else if (!rest.endsWith('/')) open.push(name)
  }

  assert.deepEqual(open, [])
  assert.doesNotMatch(svgOf(ghostly), /NaN|undefined|&(?!amp;|lt;|gt;|quot;)/)
})

test('a drawing that nobody could read is refused with the limit and the way out', () => {
  const names = Array.from({ length: 121 }, (_, index) => `s${index}`)

  assert.throws(
    () => svgOf(mapOf(planned(chain(names, { retry: 1 })))),
    (error) =>
      isHoldfastError(error, 'HF_USAGE') &&
      error.detail.includes('121 services') &&
      error.detail.includes('at most 120 and 400') &&
      error.fix.includes('JSON'),
  )
})

test('a system without services has an empty map', () => {
  const empty = mapOf(planned({}))

  assert.match(svgOf(empty), /<svg /)
  assert.match(textOf(empty)[0] ?? '', /0 services/)
})
