/**
 * SQL as a template, in the manner of postgres.js: values become parameters, templates become parts.
 *
 * Invariants:
 *   Q1. Whatever stands in `${…}` is sent as a parameter, unless it is a template of the same tag.
 *   Q2. A template is sent when it is first awaited, and once.
 */
import type { SqlExecutor } from '#model'

/** The rows of a template, and how many were touched. */
export type TemplateRows<Row> = readonly Row[] & { readonly count: number }

/** A statement, or a part of one, that is sent when it is awaited. */
export interface Template<Row> extends PromiseLike<TemplateRows<Row>> {
  readonly '~parts': readonly string[]
  readonly '~values': readonly unknown[]
}

/** Makes a statement of a template: `` tx`select … where id = ${id}` ``. */
export interface TemplateTag {
  <Row = Record<string, unknown>>(
    parts: TemplateStringsArray,
    ...values: readonly unknown[]
  ): Template<Row>
}

/** The tag over anything that runs SQL. */
export function templateOver(executor: SqlExecutor): TemplateTag {
  return <Row>(parts: TemplateStringsArray, ...values: readonly unknown[]): Template<Row> => {
    let sent: Promise<TemplateRows<Row>> | undefined
    const template: Template<Row> = {
      '~parts': parts,
      '~values': values,
      // oxlint-disable-next-line unicorn/no-thenable -- Q2: a part of another template is never sent.
      then: (resolved, rejected) => {
        sent ??= send<Row>(executor, template)
        return sent.then(resolved, rejected)
      },
    }
    return template
  }
}

async function send<Row>(
  executor: SqlExecutor,
  template: Template<Row>,
): Promise<TemplateRows<Row>> {
  const params: unknown[] = []
  const text = written(template, params)
  const { rows, rowCount } = await executor.query<Row>(text, params)
  return Object.assign(rows, { count: rowCount })
}

/** The text of the template; its values are added to `params`. */
function written(template: Template<unknown>, params: unknown[]): string {
  const [first = '', ...others] = template['~parts']
  return others.reduce((text, part, index) => {
    const value = template['~values'][index]
    if (isTemplate(value)) return text + written(value, params) + part
    params.push(value ?? null)
    return `${text}$${params.length}${part}`
  }, first)
}

function isTemplate(value: unknown): value is Template<unknown> {
  return typeof value === 'object' && value !== null && '~parts' in value
}
