/**
 * How the page of a failing run looks, and how it is walked through.
 */

/** The style sheet: light or dark, as the reader's system is. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1c2733; --dim: #6b7785; --paper: #fff; --bad: #c62828;
  --late: #b26a00; --good: #1f6fb2; --answer: #2e7d51; --line: #c9d2db }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf0; --dim: #93a0ad; --paper: #14191f;
  --bad: #ff6b62; --late: #ffb74d; --good: #6db3f2; --answer: #74c69d; --line: #3a4552 } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 }
main { max-width: 1900px; margin: 0 auto; padding: 24px }
h1 { font-size: 22px; margin: 0 0 8px }
ol { padding-left: 20px; max-width: 1100px } li { margin: 4px 0 } .dim { color: var(--dim) }
details { max-width: 1100px } summary { cursor: pointer; font-weight: 600 } details p { margin: 6px 0 }
code, kbd { background: color-mix(in srgb, var(--line) 40%, transparent); padding: 1px 6px; border-radius: 4px }
.walk { position: sticky; top: 0; background: var(--paper); padding: 8px 0; margin: 0; border-bottom: 1px solid var(--line) }
.walk output { display: block; min-height: 3em; white-space: pre-line; color: var(--dim) }
input { width: 320px; vertical-align: middle }
.pair { display: flex; gap: 24px; align-items: flex-start } figure { margin: 0; flex: 1 1 0; min-width: 0; overflow-x: auto }
figcaption { font-weight: 600; margin: 12px 0 } .failing figcaption { color: var(--bad) } .passing figcaption { color: var(--answer) }
@media (max-width: 1000px) { .pair { flex-direction: column } }
.pair:has([data-columns="many"]) { flex-direction: column } .pair:has([data-columns="many"]) figure { max-width: 100% }
.legend span { margin-right: 16px; white-space: nowrap }
.legend .request { color: var(--good) } .legend .answer { color: var(--answer) }
.legend .lost { color: var(--bad) } .legend .late, .legend .copy { color: var(--late) }
svg { max-width: 100%; height: auto } svg text { font: 12px system-ui, sans-serif; fill: var(--ink) }
.name { text-anchor: middle; font-weight: 600; font-size: 13px }
.time { text-anchor: end; fill: var(--dim); font-size: 11px } .silence { fill: var(--dim) }
.process { stroke: var(--ink); stroke-width: 1.5 } .database { stroke: var(--line); stroke-width: 5 }
.fold { stroke: var(--line); stroke-dasharray: 2 5 }
.step > line { stroke: var(--good); stroke-width: 1.6 } .step > path { fill: var(--good) }
.answer > line { stroke: var(--answer) } .answer > path { fill: var(--answer) }
.lost > line { stroke: var(--bad); stroke-dasharray: 6 4 } .step .cross { fill: var(--bad); text-anchor: middle; font-size: 18px }
.struck > line { stroke-width: 4 } .struck .label { font-weight: 700; font-size: 13px }
.late > line, .copy > line { stroke: var(--late) } .late > path, .copy > path { fill: var(--late) }
.label { text-anchor: middle; font-size: 11px; paint-order: stroke; stroke: var(--paper); stroke-width: 4 }
.lost .label { fill: var(--bad) } .late .label, .copy .label { fill: var(--late) }
.note { font-size: 11px; fill: var(--dim); paint-order: stroke; stroke: var(--paper); stroke-width: 3 }
circle { fill: var(--dim) } .commit circle { fill: var(--paper); stroke: var(--answer); stroke-width: 3 }
.crash .note, .pause .note, .jump .note, .fault .note { fill: var(--bad) } .pause circle, .jump circle, .fault circle { fill: var(--bad) }
.violation > line { stroke: var(--bad); stroke-width: 2 } .violation text { fill: var(--bad); font-weight: 600; font-size: 13px }
.later { opacity: .08 }
`

/** One step is one moment of the failing run; the other run is shown as far as the same moment. */
export const SCRIPT = `
const slider = document.getElementById('step')
const told = document.getElementById('told')
const steps = [...document.querySelectorAll('.step')]
const at = (step) => Number(step.dataset.us)
const moments = [...new Set([...document.querySelectorAll('.failing .step')].map(at))].sort((a, b) => a - b)
slider.max = Math.max(0, moments.length - 1)
slider.value = slider.max
function show() {
  const now = moments[Number(slider.value)] ?? 0
  for (const step of steps) step.classList.toggle('later', at(step) > now)
  const here = steps.filter((step) => at(step) === now && step.closest('.failing'))
  const words = here.flatMap((step) => step.querySelector('title')?.textContent ?? [])
  told.textContent = (now / 1000).toFixed(1) + ' ms  ' + words.join(String.fromCharCode(10))
}
slider.addEventListener('input', show)
document.addEventListener('keydown', (event) => {
  const by = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key]
  if (by === undefined) return
  event.preventDefault()
  slider.value = Math.min(moments.length - 1, Math.max(0, Number(slider.value) + by))
  show()
})
show()
`
