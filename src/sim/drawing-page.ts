/**
 * The page around a space-time diagram: the sentences, the legend, and a slider through the steps.
 */
import { escaped } from './drawing-text.ts'

/** What stands on the page. */
export interface Page {
  readonly title: string
  readonly story: readonly string[]
  readonly token: string
  readonly svg: string
  /** How many moments the slider has. */
  readonly moments: number
  /** Messages that are not drawn. */
  readonly leftOut: number
}

/** The page as one file. */
export function page({ title, story, token, svg, moments, leftOut }: Page): string {
  const earlier =
    leftOut === 0 ? '' : `<p class="dim">${leftOut} earlier messages are left out.</p>`
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<main>
<h1>${escaped(title)}</h1>
<ol>${story.map((sentence) => `<li>${escaped(sentence)}</li>`).join('')}</ol>
<p>Run it again: <code>holdfast replay ${escaped(token)}</code></p>
<p class="legend">${LEGEND}</p>
${earlier}
<label>Step <input type="range" id="step" min="0" max="${moments - 1}" value="${moments - 1}"></label>
<div class="scroll">${svg}</div>
</main>
<script>${SCRIPT}</script>
</html>
`
}

const LEGEND = [
  ['request', 'a request'],
  ['answer', 'an answer'],
  ['lost', 'lost'],
  ['late', 'late'],
  ['copy', 'a second copy'],
]
  .map(([kind, words]) => `<span class="${kind}">▬ ${words}</span>`)
  .concat('<span>● a statement, ◉ a commit</span>', '<span>Time runs down and is folded.</span>')
  .join(' ')

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2733; --dim: #6b7785; --paper: #fff; --bad: #c62828;
  --late: #b26a00; --good: #1f6fb2; --answer: #2e7d51; --line: #c9d2db }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf0; --dim: #93a0ad; --paper: #14191f;
  --bad: #ff6b62; --late: #ffb74d; --good: #6db3f2; --answer: #74c69d; --line: #3a4552 } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 }
main { max-width: 1200px; margin: 0 auto; padding: 24px }
h1 { font-size: 22px; margin: 0 0 8px }
ol { padding-left: 20px } li { margin: 4px 0 } .dim { color: var(--dim) }
code { background: color-mix(in srgb, var(--line) 40%, transparent); padding: 1px 6px; border-radius: 4px }
.scroll { overflow-x: auto } input { width: 320px; vertical-align: middle }
.legend span { margin-right: 16px; white-space: nowrap }
.legend .request { color: var(--good) } .legend .answer { color: var(--answer) }
.legend .lost { color: var(--bad) } .legend .late, .legend .copy { color: var(--late) }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink) }
.name { text-anchor: middle; font-weight: 600; font-size: 13px }
.time { text-anchor: end; fill: var(--dim); font-size: 11px } .silence { fill: var(--dim) }
.process { stroke: var(--ink); stroke-width: 1.5 } .database { stroke: var(--line); stroke-width: 5 }
.fold { stroke: var(--line); stroke-dasharray: 2 5 }
.step > line { stroke: var(--good); stroke-width: 1.6 } .step > path { fill: var(--good) }
.answer > line { stroke: var(--answer) } .answer > path { fill: var(--answer) }
.lost > line { stroke: var(--bad); stroke-dasharray: 6 4 } .step .cross { fill: var(--bad); text-anchor: middle; font-size: 18px }
.late > line, .copy > line { stroke: var(--late) } .late > path, .copy > path { fill: var(--late) }
.label { text-anchor: middle; font-size: 11px; paint-order: stroke; stroke: var(--paper); stroke-width: 4 }
.lost .label { fill: var(--bad) } .late .label, .copy .label { fill: var(--late) }
.note { font-size: 11px; fill: var(--dim); paint-order: stroke; stroke: var(--paper); stroke-width: 3 }
circle { fill: var(--dim) } .commit circle { fill: var(--paper); stroke: var(--answer); stroke-width: 3 }
.crash .note, .pause .note, .jump .note, .fault .note { fill: var(--bad) } .pause circle, .jump circle, .fault circle { fill: var(--bad) }
.violation > line { stroke: var(--bad); stroke-width: 2 } .violation text { fill: var(--bad); font-weight: 600; font-size: 13px }
.later { opacity: .08 }
`

const SCRIPT = `
const slider = document.getElementById('step')
const steps = [...document.querySelectorAll('.step')]
slider.addEventListener('input', () => {
  for (const each of steps) each.classList.toggle('later', Number(each.dataset.at) > Number(slider.value))
})
`
