/**
 * What can be seen of a running system: the context that each piece of work carries, and the facts
 * that it states while it runs. Printing, logging, tracing and the simulation's trace all read these.
 */
export { currentContext, inContext, type WorkContext } from './context.ts'
export { type Fact, type Observe } from './fact.ts'
export { childTrace, formatTraceparent, newTrace, parseTraceparent, type Trace } from './trace.ts'
