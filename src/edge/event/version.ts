/**
 * The versions of an event's payload: an older one is brought up to date, a newer one must wait.
 *
 * Intuition: producers and consumers are deployed one after the other, and messages wait between them.
 * What was emitted last week must still be read, and what is emitted by the version of tomorrow is no
 * fault of the message.
 *
 * Invariants:
 *   W1. A handler sees the payload in the shape of its own contract's version, or not at all.
 *   W2. A newer version is answered as `not understood yet`, for which no message ever dies.
 */
import { HoldfastError } from '#errors'
import type { Event, Named } from '#model'
import type { Envelope } from './envelope.ts'

/**
 * The payload in the shape of the declared version.
 *
 * @throws HF_EVENT_TOO_NEW, HF_EVENT_INVALID (effect none)
 */
export function presentPayload(
  { edge, event, payload, version = 1 }: Envelope,
  declared: Named<Event>,
): unknown {
  if (version > declared.version) {
    throw new HoldfastError('HF_EVENT_TOO_NEW', {
      edge,
      detail: `${event} has version ${version}, this service understands ${declared.version}`,
    })
  }
  let present = payload
  for (let step = version; step < declared.version; step += 1) {
    const upcast = declared.upcast[step]
    if (upcast === undefined) throw tooOld(event, step, declared.version)
    present = upcast(present)
  }
  return present
}

function tooOld(event: string, version: number, wanted: number): HoldfastError {
  return new HoldfastError('HF_EVENT_INVALID', {
    detail: `${event} has version ${version}, and there is no upcaster from it towards ${wanted}`,
    fix: `Declare \`upcast: { ${version}: (old) => … }\` in the contract, then redrive the dead letter.`,
  })
}
