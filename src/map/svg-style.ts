/**
 * How the drawing looks: light and dark by what the reader prefers, and always light on paper.
 *
 * Every colour has at least 4.5 to 1 against what it stands on, and none carries a meaning alone:
 * dashes tell events from calls, slanted letters what was observed from what was declared, and words
 * tell what is broken or undeclared.
 */

interface Palette {
  readonly paper: string
  readonly card: string
  readonly line: string
  readonly ink: string
  readonly faint: string
  readonly call: string
  readonly event: string
  readonly seen: string
  readonly bad: string
}

const light: Palette = {
  paper: '#fbfaf7',
  card: '#ffffff',
  line: '#cfcabd',
  ink: '#1d2326',
  faint: '#5d6468',
  call: '#0b5c8a',
  event: '#7a4a06',
  seen: '#2b6a3f',
  bad: '#b3261e',
}

const dark: Palette = {
  paper: '#14181b',
  card: '#1d2327',
  line: '#454e54',
  ink: '#eceae4',
  faint: '#a5adb1',
  call: '#6cc0ee',
  event: '#e5b264',
  seen: '#8fd0a4',
  bad: '#ff8f85',
}

const SHAPE = `
text { font-family: ui-sans-serif, system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; }
.mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; }
.title { font-size: 20px; font-weight: 650; }
.name { font-size: 14px; font-weight: 650; }
.small { font-size: 11px; }
.small.name { font-size: 11px; }
.observed { font-style: italic; }
.ray { fill: none; stroke-width: 2; stroke-linecap: round; }
.event .ray { stroke-width: 2.4; stroke-dasharray: 1 5; }
.unseen .ray { stroke-width: 1.4; opacity: .7; }
.seen .ray { stroke-width: 3.2; }
.ghost .ray { stroke-dasharray: 7 5; }
.card { stroke-width: 1.2; }
.foreign .card { stroke-dasharray: 5 4; }
.stranger .card { stroke-dasharray: 2 4; }
.team .card { stroke-width: 2.4; }
`

/** The style sheet of a drawing. */
export const style: string = `${SHAPE}${colours(light)}
@media (prefers-color-scheme: dark) {${colours(dark)}}
@media print {${colours({ ...light, paper: '#ffffff' })}}
`

function colours({ paper, card, line, ink, faint, call, event, seen, bad }: Palette): string {
  return `
.paper { fill: ${paper}; }
.card { fill: ${card}; stroke: ${line}; }
.title, .name { fill: ${ink}; }
.small { fill: ${faint}; }
.call .ray { stroke: ${call}; }
.call .head, .call .small.name { fill: ${call}; }
.event .ray { stroke: ${event}; }
.event .head, .event .small.name { fill: ${event}; }
.broken .ray, .ghost .ray { stroke: ${bad}; }
.broken .head, .ghost .head, .ghost .small { fill: ${bad}; }
.small.observed { fill: ${seen}; }
.broken .small.observed, .broken .small.verdict, .ghost .small.verdict { fill: ${bad}; }
.stranger .card { stroke: ${bad}; }
.team .card { stroke: ${faint}; }
`
}
