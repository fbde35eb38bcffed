/**
 * Durations with their unit, and deadlines: how much time is left, wherever the work has got to.
 */
export { durationMs, type Duration } from './duration.ts'
export { Deadline } from './deadline.ts'
export { hybridOf, readStamp, stampedUuid, writeStamp, type Stamp } from './hybrid.ts'
