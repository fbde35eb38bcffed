/**
 * The page around the space-time diagrams: the sentences, how to read them, and the walk through the steps.
 */
import { SCRIPT, STYLE } from './look.ts'
import { escaped } from './text.ts'

/** One diagram with its caption. */
export interface Picture {
  readonly words: string
  readonly kind: string
  readonly svg: string
}

/** What stands on the page. */
export interface Page {
  readonly title: string
  readonly story: readonly string[]
  readonly token: string
  /** The failing run first. */
  readonly pictures: readonly Picture[]
  /** Messages that are not drawn. */
  readonly leftOut: number
}

/** The page as one file. */
export function page({ title, story, token, pictures, leftOut }: Page): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<main>
<h1>${escaped(title)}</h1>
<ol>${story.map((sentence) => `<li>${escaped(sentence)}</li>`).join('')}</ol>
<details open><summary>How to read it</summary>
<p>${READING}</p>
<p class="legend">${LEGEND}</p>
</details>
<p class="walk"><label>Step <input type="range" id="step" min="0" max="0" value="0"></label>
<kbd>←</kbd> <kbd>→</kbd> one step, <kbd>Home</kbd> <kbd>End</kbd> all the way.
<output id="told" for="step"></output></p>
<div class="pair">${pictures.map(figure).join('')}</div>
<p class="dim">${leftOut === 0 ? '' : `${leftOut} messages that are of no account are left out. `}Run it again: <code>holdfast replay ${escaped(token)}</code></p>
</main>
<script>${SCRIPT}</script>
</html>
`
}

function figure({ words, kind, svg }: Picture): string {
  return `<figure class="${kind}"><figcaption>${escaped(words)}</figcaption>${svg}</figure>`
}

const READING = `Each column is a program or its database, and time runs down. A slanted arrow is a
message from one to another: it leaves where it begins and arrives where it ends. A message that
ends in ✕ never arrives; nobody tells its sender. What the world did to the system is drawn thick, or red. A program that gets no answer cannot know whether what
it asked for was done. Everything happened in a simulation that the number in the token decides, so it
happens again exactly so. Point at anything to see all of it.`

const LEGEND = [
  ['request', '→ a request'],
  ['answer', '→ an answer'],
  ['lost', '✕ a message that is lost'],
  ['late', '→ one that is late'],
  ['copy', '→ a second copy'],
]
  .map(([kind, words]) => `<span class="${kind}">${words}</span>`)
  .concat(
    '<span>● the database changes something</span>',
    '<span>◉ it is committed: now it counts</span>',
  )
  .concat('<span class="lost">✖ a program crashes</span>', '<span>┄ a long time passes</span>')
  .join(' ')
