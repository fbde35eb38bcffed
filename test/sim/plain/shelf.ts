/**
 * A plain service that answers at once, if it is not busy.
 */

/** How much is left. */
export function fetch(): Response {
  return Response.json({ left: 7 })
}
