// What a contestant is: one side of a comparison, which runs in a process of its own. Types only.

/**
 * A contestant that is ready: loaded, its inputs in place. Everything before this is not timed.
 *
 * @typedef {object} Contestant
 * @property {string} name what it is and which version, as the table shows it
 * @property {(round: number) => number | Promise<number>} measure does the work once and gives its amount in the row's unit (the
 * numerator of a rate). Rounds count from 0, warm-up included, and both sides get the same numbers
 * @property {() => ArrayLike<number>} [sample] some of the last result's numbers, the same ones on both sides
 * @property {() => void | Promise<void>} [close]
 */

/**
 * The default export of a module in contestants/.
 *
 * @template [Setup=any]
 * @typedef {(setup: Setup) => Contestant | Promise<Contestant>} Enter
 */

/** Thrown by a contestant that can't do the work at all; the table then gives the reason instead of a number. */
export class CannotError extends Error {
  name = "CannotError";
}
