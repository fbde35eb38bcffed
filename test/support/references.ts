/**
 * References inside a document: `{ "$ref": "#/a/b" }` that lead nowhere.
 *
 * A shape with an `$id` is a document of its own: its references lead into it.
 */

/** The references of a document that lead to nothing. */
export function deadReferences(document: unknown, root: unknown = document): readonly string[] {
  if (typeof document !== 'object' || document === null) return []
  const inside = '$id' in document ? document : root
  const own =
    '$ref' in document && typeof document.$ref === 'string' && !leads(inside, document.$ref)
      ? [document.$ref]
      : []
  return [...own, ...Object.values(document).flatMap((each) => deadReferences(each, inside))]
}

function leads(root: unknown, reference: string): boolean {
  if (!reference.startsWith('#')) return false
  let found = root
  for (const key of reference.split('/').slice(1)) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return false
    found = Reflect.get(found, key)
  }
  return found !== undefined
}
