/**
 * Large systems: one card for each team, or one team among the others.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '#errors'
import { type Plan, planned } from '../../test/support/map-systems.ts'
import { folded } from './fold.ts'
import { observationOf } from './observation.ts'
import { pictureOf } from './picture.ts'
import { svgOf } from './svg.ts'
import { mapOf } from './system-map.ts'

const plan: Plan = {
  web: {
    calls: { cart: {}, search: { deadline: '3s' }, stock: {} },
    team: 'shop',
    route: 'GET /web',
  },
  cart: { calls: { stock: {} }, team: 'shop' },
  search: { team: 'find', calls: { stock: {} } },
  stock: { team: 'goods', hears: ['cart', 'web'] },
  mail: { hears: ['stock'] },
}
const map = mapOf(planned(plan))

test('folded, each team is a card and all calls between two teams are one ray', () => {
  const { cards, rays } = folded(pictureOf(map), map, undefined)

  assert.deepEqual(
    cards.map(({ name, lines }) => `${name}: ${lines.map(({ text }) => text).join(', ')}`),
    [
      'team shop: 2 services, web, cart',
      'team find: 1 service, search',
      'team goods: 1 service, stock',
      'team no team: 1 service, mail',
    ],
  )
  assert.deepEqual(
    rays.map(({ kind, source, target }) => `${kind} ${source} > ${target}`),
    [
      'call team shop > team find',
      'call team shop > team goods',
      'call team find > team goods',
      'event team shop > team goods',
      'event team goods > team no team',
    ],
  )
})

test('P1: every arrow between two cards is in exactly one ray, and counted there', () => {
  const { rays } = folded(pictureOf(map), map, undefined)
  const events = rays.find(({ kind, source }) => kind === 'event' && source === 'team shop')

  assert.equal(events?.lines[0]?.text, '2 events')
})

test('P2: a broken bound and a ghost are seen on the folded ray', () => {
  const observation = observationOf([
    { fact: 'called', edge: 'web>stock.ask', ended: 'done', attempts: 1, tookMs: 9_000 },
    { fact: 'called', edge: 'cart>stock.ask', ended: 'done', attempts: 1, tookMs: 9 },
    { fact: 'called', edge: 'mail>web.ask', ended: 'done', attempts: 1, tookMs: 1 },
  ])
  const seen = mapOf(planned(plan), { observation })
  const { rays } = folded(pictureOf(seen), seen, undefined)
  const merged = rays.find(({ kind, target }) => kind === 'call' && target === 'team goods')

  assert.equal(merged?.lines[0]?.text, '2 calls')
  assert.equal(merged.standing, 'broken')
  assert.equal(rays.find((each) => each.source === 'team no team')?.standing, 'ghost')
})

test('one team is drawn with its services, among the teams that it has to do with', () => {
  const { cards, rays } = folded(pictureOf(map), map, 'shop')

  assert.deepEqual(
    cards.map(({ name }) => name),
    ['web', 'cart', 'team find', 'team goods'],
  )
  assert.ok(rays.some(({ source, target }) => source === 'web' && target === 'cart'))
  assert.ok(!rays.some(({ source }) => source === 'team find'))
  assert.match(svgOf(map, { team: 'shop' }), /planned: team shop/)
})

test('a team that nobody is in is refused, with those that there are', () => {
  assert.throws(
    () => svgOf(map, { team: 'sales' }),
    (error) => isHoldfastError(error, 'HF_USAGE') && error.fix.includes('shop, find, goods'),
  )
})

test('a system that is too large to be read is folded by itself', () => {
  const names = Array.from({ length: 130 }, (_, index) => `s${index}`)
  const large = Object.fromEntries(
    names.map((each, index) => [each, { team: `t${index % 7}`, calls: callsNext(names, index) }]),
  )
  const svg = svgOf(mapOf(planned(large)))

  assert.match(svg, /folded by team, 129 calls/)
  assert.equal(svg.match(/class="team"/g)?.length, 7)
})

function callsNext(names: readonly string[], index: number): Record<string, object> {
  const next = names[index + 1]
  return next === undefined ? {} : { [next]: {} }
}
