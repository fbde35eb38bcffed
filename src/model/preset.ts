/**
 * Presets: what most edges want, as one word. What is declared beside it wins.
 */
import type { Duration } from '#clock'
import type { Criticality } from './policy.ts'

/** What a preset says; the rest is the default. */
export interface PresetPolicy {
  readonly deadline?: Duration
  readonly criticality?: Criticality
  /** Attempts in all, for what may be tried again: queries and keyed commands. */
  readonly attempts?: number
}

/** The name of a preset. */
export type Preset = TimedPreset | 'once'

/** Those that say how long a call may take, so that the edge need not. */
export type TimedPreset = 'interactive' | 'background'

/** Each preset by its name. */
export const presets: Readonly<
  Record<TimedPreset, PresetPolicy & { readonly deadline: Duration }>
> &
  Readonly<Record<'once', PresetPolicy>> = {
  /** Somebody looks at a screen and waits. */
  interactive: { deadline: '1s', criticality: 'critical' },
  /** Nobody waits: it may take long, give way to others, and try often. */
  background: { deadline: '10s', criticality: 'sheddable', attempts: 5 },
  /** One attempt, and whoever called decides. */
  once: { attempts: 1 },
}
