/**
 * Any schema library: the part of Standard Schema 1.1 that Holdfast needs.
 *
 * The interface is copied because the specification asks for it: it is types only, so that zod,
 * valibot and arktype fit without being imported.
 *
 * @see https://standardschema.dev
 */

/** One thing that is wrong with a value, and where. */
export interface Issue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** The verdict of a schema. */
export type Verdict<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] }

/** A schema of any library that follows Standard Schema. */
export interface Schema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => Verdict<Output> | Promise<Verdict<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** What a caller may send. */
export type InputOf<S extends Schema> = NonNullable<S['~standard']['types']>['input']
/** What a handler receives. */
export type OutputOf<S extends Schema> = NonNullable<S['~standard']['types']>['output']

/** The schema of "nothing": accepts only the absence of a value. */
export const nothing: Schema<void> = {
  '~standard': {
    version: 1,
    vendor: 'holdfast',
    validate: (value) =>
      value === undefined || value === null
        ? { value: undefined }
        : { issues: [{ message: 'expected no value' }] },
  },
}

/** Issues as one line for people: `items.0.quantity: expected a number`. */
export function describeIssues(issues: readonly Issue[]): string {
  return issues
    .slice(0, 5)
    .map(({ path, message }) =>
      path?.length ? `${path.map(segment).join('.')}: ${message}` : message,
    )
    .join('; ')
}

function segment(part: PropertyKey | { readonly key: PropertyKey }): string {
  return String(typeof part === 'object' ? part.key : part)
}
