/**
 * The one place where a value meets its schema, on both sides of an edge.
 *
 * Invariants:
 *   V1. What is said about a wrong value is bounded: at most 20 issues of 200 characters each.
 */
import type { Issue, Schema, Verdict } from '#model'

/** One issue as it stands on the wire: `{ path: 'items.0.quantity', message: 'expected a number' }`. */
export interface PublicIssue {
  readonly path: string
  readonly message: string
}

const ISSUES_MAX = 20
const MESSAGE_CHARS_MAX = 200

/** The verdict of a schema: now if it can, or later. */
export function validate<Output>(
  schema: Schema<unknown, Output>,
  value: unknown,
): Verdict<Output> | Promise<Verdict<Output>> {
  return schema['~standard'].validate(value)
}

/** The issues as they may be shown to whoever sent the value. */
export function publicIssues(issues: readonly Issue[]): readonly PublicIssue[] {
  return issues.slice(0, ISSUES_MAX).map(({ path = [], message }) => ({
    path: path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
    message: message.slice(0, MESSAGE_CHARS_MAX),
  }))
}
