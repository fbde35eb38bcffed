/**
 * A plain service that exports a `fetch` handler and nothing else.
 */
import { next } from './counter.ts'

/** Answers with what was asked, and how often. */
export async function fetch(request: Request): Promise<Response> {
  return Response.json({ count: next(), body: await request.json() })
}
