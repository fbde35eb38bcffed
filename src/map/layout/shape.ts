/**
 * The words of a layout: what goes in, what comes out, and what is between.
 */

/** Something to place. */
export interface Box {
  readonly id: string
  readonly width: number
  readonly height: number
}

/** An arrow between two boxes, with room for its label. */
export interface Arrow {
  readonly source: string
  readonly target: string
  readonly label: { readonly width: number; readonly height: number }
}

/** A place in the drawing: pixels from its upper left corner. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** A placed arrow. It is straight between points of one height, and bends between the others. */
export interface Line {
  readonly points: readonly Point[]
  /** Upper left corner of the label; the line runs along its lower side. */
  readonly label: Point
}

/** Where everything is, in the order of what went in. */
export interface Drawing {
  readonly width: number
  readonly height: number
  /** Upper left corners. */
  readonly boxes: readonly Point[]
  readonly lines: readonly Line[]
  /** Lines that cross. */
  readonly crossings: number
}

/** A box, a label, or the lane of a line in a column that it passes. */
export interface Stop {
  readonly index: number
  readonly column: number
  readonly isBox: boolean
  readonly width: number
  readonly height: number
  /** Where lines run through a label or lane, measured down from its centre. */
  readonly lineY: number
}

/** A piece of a line between stops of neighbouring columns, left to right. */
export interface Link {
  readonly source: number
  readonly target: number
}
