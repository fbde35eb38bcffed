/**
 * The only seam to time, timers, randomness and the network.
 *
 * Whatever Holdfast does passes through a `World`. In production it is Node's; in the simulation
 * one seed decides every answer it gives. Code that asks nothing else can be replayed.
 */
export type { Clock, Network, Random, Timers, World } from './world.ts'
export type {
  Address,
  IncomingRequest,
  Listener,
  OutgoingRequest,
  Transport,
  WireHandler,
  WireResponse,
} from './wire.ts'
export { afterIfAlive, endOfTurn, nodeClock, nodeRandom, nodeTimers, nodeWheel } from './node.ts'
export { sleep, withDeadline, type TimedSignal } from './wait.ts'
export { randomHex, randomInteger, uuid } from './random.ts'
export { isoMoment, momentOf } from './moment.ts'
