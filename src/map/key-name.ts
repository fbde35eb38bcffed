/**
 * The name of a key, for people: `(order) => order.orderId` is "orderId".
 *
 * A key is a function, and its text is all that can be known of it without calling it. Where the text
 * is more than one field, the map says "key" and claims nothing.
 */

/** The field that the rule reads, or `'key'` if it does more than that. */
export function keyName(rule: (input: never) => string): string {
  const text = rule.toString()
  const [, dotted] = /^\(?\s*(?:\w+)\s*\)?\s*=>\s*\w+\.(\w+)$/.exec(text) ?? []
  const [, destructured, body] = /^\(\s*\{\s*(\w+)\s*\}\s*\)\s*=>\s*(\w+)$/.exec(text) ?? []
  if (dotted !== undefined) return dotted
  return destructured !== undefined && destructured === body ? destructured : 'key'
}
