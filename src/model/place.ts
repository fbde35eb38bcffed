/**
 * Where in the user's code something was declared.
 */

/** `file:///shop/arrows.ts:12` of a stack; the parts are the file and the line. */
const FRAME = /(?:\(|at (?:async )?)((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/])[^()]*):(\d+):\d+\)?$/

/**
 * File and line of the first frame that is not Holdfast's own, or `undefined` where the engine does not say.
 * The first frame of all is this function's, and everything beside its folder is Holdfast's.
 */
export function placeOfCaller(stack: unknown = new Error('where am I?').stack): string | undefined {
  if (typeof stack !== 'string') return undefined
  const [own, ...frames] = stack.split('\n').flatMap((line) => {
    const [, file, number] = FRAME.exec(line) ?? []
    return file === undefined ? [] : [{ file, place: `${file}:${number}` }]
  })
  const home = own?.file.replace(/[^/\\]+[/\\][^/\\]+$/, '')
  return frames.find(({ file }) => home !== undefined && !file.startsWith(home))?.place
}
