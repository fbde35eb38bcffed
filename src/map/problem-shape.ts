/**
 * Problem documents as JSON Schema: what a failure and a refusal look like to a caller.
 *
 * The call edge writes them and stands above the map, so the shapes are written again here;
 * `test/map/exports.test.ts` holds real answers against them.
 *
 * @see RFC 9457
 */
import type { JsonObject } from './json-schema.ts'

/** The shape of a failure. */
export const failureShape: JsonObject = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'effect', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    code: { type: 'string', description: 'Stable, such as `HF_CALL_TIMEOUT`.' },
    effect: {
      enum: ['none', 'unknown'],
      description: '`none`: it certainly did not happen; `unknown`: it may have happened.',
    },
    detail: { type: 'string' },
    fix: { type: 'string' },
    traceId: { type: 'string' },
    issues: { type: 'array', description: 'What is wrong with the input, field by field.' },
  },
}

/** The shape of one refusal of an operation. */
export function refusalShape(operation: string, code: string, data: JsonObject): JsonObject {
  return {
    type: 'object',
    required: ['type', 'title', 'status', 'effect', 'refusal', 'data'],
    properties: {
      type: { const: `urn:holdfast:refusal:${operation}:${code}` },
      title: { type: 'string' },
      status: { const: 422 },
      effect: { const: 'none' },
      refusal: { const: code },
      data,
    },
  }
}
