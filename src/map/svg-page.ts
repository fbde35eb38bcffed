/**
 * A picture as SVG: a file of its own, without scripts, fonts or pictures from elsewhere.
 *
 * Promise: no label covers another, and the same picture gives the same bytes. Whoever cannot see it
 * gets the same from `<title>` and `<desc>`, which say every arrow in a sentence.
 */
import { at } from './at.ts'
import { layered } from './layout/layered.ts'
import type { Box, Drawing, Line, Point } from './layout/shape.ts'
import type { Card, Picture, Ray, TextLine } from './picture.ts'
import { style } from './svg-style.ts'

/** What is written around a picture. */
export interface Caption {
  readonly title: string
  /** The name above the drawing. */
  readonly name: string
  readonly header: readonly string[]
  readonly footer: readonly string[]
  /** The whole of it, line by line, for whoever cannot see it. */
  readonly told: readonly string[]
}

const MARGIN = 28
const HEADER = 64
const FOOTER = 40
const LINE_HEIGHT = 15
const PADDING = 14
/** Mean width of a character, as a share of the size: monospaced, and that of the names. */
const MONO = 0.61
const SANS = 0.62
const SMALL = 11
const NAME = 14
const NAME_HEIGHT = 19
/** The least distance between two lines that meet a card. */
const PORT = 16

/** The page of a picture. */
export function pageOf(picture: Picture, caption: Caption): string {
  const boxes = picture.cards.map((card) => boxOf(card, picture.rays))
  const drawing = layered(boxes, picture.rays.map(arrowOf))
  const [header, footer] = [caption.header.join(DOT), caption.footer.join(DOT)]
  const texts = [header, footer].map((each) => textWidth(each, SMALL, SANS))
  const width = Math.ceil(Math.max(drawing.width, ...texts, 480) + 2 * MARGIN)
  const height = Math.ceil(drawing.height + 2 * MARGIN + HEADER + FOOTER)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="map-title map-desc">`,
    `<title id="map-title">${escaped(caption.title)}</title>`,
    `<desc id="map-desc">${escaped(caption.told.join('\n'))}</desc>`,
    `<style>${style}</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    `<text class="title" x="${MARGIN}" y="${MARGIN + 14}">${escaped(caption.name)}</text>`,
    `<text class="small" x="${MARGIN}" y="${MARGIN + 36}">${escaped(header)}</text>`,
    `<g transform="translate(${round((width - drawing.width) / 2)} ${MARGIN + HEADER})">`,
    ...picture.rays.map((ray, index) => rayOf(ray, at(drawing.lines, index))),
    ...picture.cards.map((card, index) => cardAt(card, at(boxes, index), drawing, index)),
    '</g>',
    `<text class="small" x="${MARGIN}" y="${height - MARGIN}">${escaped(footer)}</text>`,
    '</svg>',
    '',
  ].join('\n')
}

/** Between two facts of a line. */
const DOT = '  ·  '

function boxOf({ name, lines }: Card, rays: readonly Ray[]): Box {
  const ports = Math.max(
    rays.filter(({ source }) => source === name).length,
    rays.filter(({ target }) => target === name).length,
  )
  const widths = [textWidth(name, NAME, SANS), ...lines.map(({ text }) => monoWidth(text))]
  return {
    id: name,
    width: Math.max(110, ...widths) + 2 * PADDING,
    height: Math.max((ports + 1) * PORT, 2 * PADDING + NAME_HEIGHT + lines.length * LINE_HEIGHT),
  }
}

function arrowOf({ source, target, lines }: Ray): {
  readonly source: string
  readonly target: string
  readonly label: { readonly width: number; readonly height: number }
} {
  const width = Math.max(...lines.map(({ text }) => monoWidth(text)))
  return { source, target, label: { width, height: lines.length * LINE_HEIGHT + 8 } }
}

function rayOf(ray: Ray, line: Line): string {
  const { kind, standing, source, target, lines } = ray
  const said = `${source} to ${target}, ${kind}: ${lines.map(({ text }) => text).join(', ')}`
  return [
    `<g class="${kind} ${standing}">`,
    `<title>${escaped(said)}</title>`,
    `<path class="ray" d="${pathOf(line.points)}"/>`,
    `<path class="head" d="${headOf(line.points)}"/>`,
    ...linesAt(lines, line.label),
    '</g>',
  ].join('')
}

/** A step this low looks straight, and a bend in it looks like a mistake. */
const BEND_MIN = 4

/** Straight where the height stays, a soft bend where it changes. */
function pathOf(points: readonly Point[]): string {
  const steps = points.slice(1).map((point, index) => {
    const before = at(points, index)
    if (Math.abs(before.y - point.y) < BEND_MIN) return `L${spot(point)}`
    const middle = (before.x + point.x) / 2
    return `C${spot({ x: middle, y: before.y })} ${spot({ x: middle, y: point.y })} ${spot(point)}`
  })
  return `M${spot(at(points, 0))}${steps.join('')}`
}

/** The head of an arrow; lines reach their target horizontally, from the left or from the right. */
function headOf(points: readonly Point[]): string {
  const tip = at(points, points.length - 1)
  const before = points.findLast(({ x }) => x !== tip.x) ?? tip
  const back = before.x < tip.x ? -9 : 9
  const [upper, lower] = [-4.5, 4.5].map((y) => spot({ x: tip.x + back, y: tip.y + y }))
  return `M${spot(tip)}L${upper}L${lower}Z`
}

function cardAt(card: Card, { width, height }: Box, drawing: Drawing, index: number): string {
  const { x, y } = at(drawing.boxes, index)
  const top = y + (height - NAME_HEIGHT - card.lines.length * LINE_HEIGHT) / 2
  return [
    `<g class="${card.kind}">`,
    `<rect class="card" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="8"/>`,
    `<text class="name" x="${round(x + PADDING)}" y="${round(top + NAME - 3)}">${escaped(card.name)}</text>`,
    ...linesAt(card.lines, { x: x + PADDING, y: top + NAME_HEIGHT }),
    '</g>',
  ].join('')
}

function linesAt(lines: readonly TextLine[], { x, y }: Point): string[] {
  return lines.map(({ text, tone }, index) => {
    const kind = `mono small ${tone}`
    const base = y + (index + 1) * LINE_HEIGHT - 4
    return `<text class="${kind}" x="${round(x)}" y="${round(base)}">${escaped(text)}</text>`
  })
}

function monoWidth(text: string): number {
  return textWidth(text, SMALL, MONO)
}

function textWidth(text: string, size: number, share: number): number {
  return text.length * size * share
}

function spot({ x, y }: Point): string {
  return `${round(x)} ${round(y)}`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (each) => ENTITIES[each] ?? each)
}
