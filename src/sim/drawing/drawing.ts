/**
 * A failing run as one HTML file that needs nothing else: three sentences, its space-time diagram, and
 * beside it that of the nearest run that passes.
 *
 * Time runs down and is folded: what is near together is drawn apart, and long silence is a short gap
 * with its length beside it. Keys walk through the steps of both; pointing at anything tells all of it.
 *
 * Invariants:
 *   U1. The file loads nothing, and holds nothing that was not escaped.
 *
 * Source: Lamport's space-time diagrams (1978); the folded time is Maelstrom's.
 */
import { type Mark, type Message, type Scene, sceneOf } from './scene.ts'
import { page } from './page.ts'
import { clipped, escaped } from './text.ts'
import type { Step } from '../trace.ts'

/** What is drawn. */
export interface Drawing {
  readonly title: string
  readonly steps: readonly Step[]
  readonly story: readonly string[]
  /** `holdfast replay` runs it again. */
  readonly token: string
  /** The nearest run that passes, and what it has less. */
  readonly passing?: { readonly steps: readonly Step[]; readonly without: string } | undefined
}

const COLUMN = 210
/** More lifelines than this in two diagrams side by side cannot be read. */
const COLUMNS_FEW = 5

const LEFT = 110
const TOP = 60

/** A pixel for each step, and more the longer nothing happened, but only with its logarithm. */
const STEP_PX = { min: 13, perDecade: 9, max: 64 }

/** Silence from here on is told in numbers, in µs. */
const SILENCE_US = 100_000

/** The HTML file. */
export function drawn({ title, steps, story, token, passing }: Drawing): string {
  const endUs = steps.at(-1)?.atUs ?? 0
  const beside = passing?.steps.filter(({ atUs }) => atUs <= endUs)
  const { svg, leftOut } = diagramOf(sceneOf(steps), 'fails')
  const pictures = [{ words: 'This run fails', kind: 'failing', svg }]
  if (passing !== undefined && beside !== undefined) {
    const words = `The same run without ${passing.without} passes`
    pictures.push({ words, kind: 'passing', svg: diagramOf(sceneOf(beside), 'passes').svg })
  }
  return page({ title, story, token, pictures, leftOut })
}

function diagramOf(
  scene: Scene,
  ends: 'fails' | 'passes',
): { readonly svg: string; readonly leftOut: number } {
  const place = new Place(scene)
  const parts = [
    ...place.axis(),
    ...scene.lines.map((line) => place.lifeline(line)),
    ...scene.messages.map((message) => place.message(message)),
    ...scene.marks.map((mark) => place.mark(mark)),
  ]
  const size = `width="${place.width}" height="${place.height}"`
  const box = `viewBox="0 0 ${place.width} ${place.height}"`
  const columns = scene.lines.length > COLUMNS_FEW ? 'many' : 'few'
  const label = `data-columns="${columns}" aria-label="space-time diagram of a run that ${ends}"`
  const svg = `<svg ${size} ${box} role="img" ${label}>${parts.join('\n')}</svg>`
  return { svg, leftOut: scene.leftOut }
}

/** Where everything is. */
class Place {
  readonly width: number
  readonly height: number
  readonly #lines: readonly string[]
  /** The y of each moment at which something happened. */
  readonly #ys = new Map<number, number>()
  readonly #times: readonly number[]

  constructor({ lines, messages, marks }: Scene) {
    this.#lines = lines
    const times = [...messages.flatMap((each) => [each.sentUs, each.arrivedUs]), ...marks.map(at)]
    this.#times = [...new Set(times)].toSorted((one, other) => one - other)
    let y = TOP
    for (const [index, time] of this.#times.entries()) {
      y += gapPx(time - (this.#times[index - 1] ?? time))
      this.#ys.set(time, y)
    }
    this.width = LEFT + Math.max(lines.length, 2) * COLUMN
    this.height = y + 50
  }

  /** Times on the left, and the silences. */
  axis(): readonly string[] {
    return this.#times.map((time, index) => {
      const y = this.#y(time)
      const silenceUs = time - (this.#times[index - 1] ?? time)
      const label = `<text class="time" x="${LEFT - 24}" y="${y + 4}">${(time / 1_000).toFixed(1)} ms</text>`
      if (silenceUs < SILENCE_US) return this.#step(time, label)
      const words = `≈ ${(silenceUs / 1e6).toFixed(1)} s of silence`
      const middle = (y + this.#y(this.#times[index - 1] ?? time)) / 2
      const fold = `<line class="fold" x1="${LEFT}" x2="${this.width - 20}" y1="${middle}" y2="${middle}"/>`
      return `${fold}<text class="silence" x="${LEFT + 8}" y="${middle - 4}">${words}</text>${this.#step(time, label)}`
    })
  }

  lifeline(name: string): string {
    const x = this.#x(name)
    const kind = name.startsWith('db:') ? 'database' : 'process'
    const label = name.startsWith('db:') ? `database of ${name.slice(3)}` : name
    return `<line class="${kind}" x1="${x}" x2="${x}" y1="${TOP - 14}" y2="${this.height - 20}"/><text class="name" x="${x}" y="${TOP - 24}">${escaped(label)}</text>`
  }

  message(message: Message): string {
    const { from, to, sentUs, arrivedUs, fate, text, isAnswer, exchange, isStruck } = message
    const [x1, x2, y1, y2] = [this.#x(from), this.#x(to), this.#y(sentUs), this.#y(arrivedUs)]
    const end =
      fate === 'lost' ? { x: x1 + (x2 - x1) * 0.6, y: y1 + (y2 - y1) * 0.6 } : { x: x2, y: y2 }
    const words = fate === 'arrived' ? text : `${text} · ${fate}`
    const cross =
      fate === 'lost' ? `<text class="cross" x="${end.x}" y="${end.y + 6}">✕</text>` : ''
    const head = fate === 'lost' ? '' : arrowhead({ x1, y1, x2, y2 })
    const label = `<text class="label" x="${(x1 + end.x) / 2}" y="${(y1 + end.y) / 2 - 5}">${escaped(words)}</text>`
    const tip = `${exchange}: ${text}, ${fate}, sent ${sentUs / 1_000} ms${fate === 'lost' ? '' : `, there ${arrivedUs / 1_000} ms`}`
    const line = `<line x1="${x1}" y1="${y1}" x2="${end.x}" y2="${end.y}"/>`
    const kind = `${fate} ${isAnswer ? 'answer' : 'request'}${isStruck ? ' struck' : ''}`
    return this.#step(sentUs, `${tooltip(tip)}${line}${head}${cross}${label}`, kind)
  }

  mark({ line, atUs, kind, text }: Mark): string {
    const y = this.#y(atUs)
    if (kind === 'violation') {
      const rule = `<line x1="${LEFT}" x2="${this.width - 20}" y1="${y}" y2="${y}"/>`
      const words = `<text x="${LEFT + 8}" y="${y + 18}">✗ ${escaped(clipped(text, 110))}</text>`
      return this.#step(atUs, `${tooltip(text)}${rule}${words}`, 'violation')
    }
    const x = this.#x(line)
    const symbol =
      kind === 'crash'
        ? `<text class="cross" x="${x}" y="${y + 7}">✖</text>`
        : `<circle cx="${x}" cy="${y}" r="${kind === 'commit' ? 5 : 3.5}"/>`
    const words = `<text class="note" x="${x + 10}" y="${y + 4}">${escaped(clipped(text, 30))}</text>`
    return this.#step(atUs, `${tooltip(text)}${symbol}${words}`, kind)
  }

  /** Shown from this moment on. */
  #step(time: number, inner: string, kind = ''): string {
    return `<g class="step ${kind}" data-us="${time}">${inner}</g>`
  }

  #x(line: string): number {
    return LEFT + 30 + Math.max(0, this.#lines.indexOf(line)) * COLUMN
  }

  #y(time: number): number {
    return this.#ys.get(time) ?? TOP
  }
}

function at({ atUs }: Mark): number {
  return atUs
}

function gapPx(us: number): number {
  if (us === 0) return 0
  const { min, perDecade, max } = STEP_PX
  return Math.min(max, min + perDecade * Math.max(0, Math.log10(us / 300)))
}

function arrowhead(line: {
  readonly x1: number
  readonly y1: number
  readonly x2: number
  readonly y2: number
}): string {
  const { x1, y1, x2, y2 } = line
  const angle = (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI
  return `<path d="M0 0 L-9 -4 L-9 4 Z" transform="translate(${x2} ${y2}) rotate(${angle.toFixed(1)})"/>`
}

function tooltip(text: string): string {
  return `<title>${escaped(text)}</title>`
}
