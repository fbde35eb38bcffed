/**
 * HTTP push keeps what every broker keeps. It has no queue of its own: the outbox is all there is.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { httpPush } from '#edge'
import { brokerSuite } from './broker-suite.ts'

brokerSuite({
  name: 'HTTP push',
  acknowledged: undefined,
  carrierOf: (rig) => ({
    brokerOf: httpPush,
    kept: async () => 0,
    interrupt: async () => {
      rig.isReachable = false
      await pause(300)
      rig.isReachable = true
    },
  }),
})
