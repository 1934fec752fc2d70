// What a row of the benchmark is. Types only.

/** How large the work is: a smoke run of seconds, the benchmark, or the benchmark with the work that takes an hour. */
/** @typedef {"quick" | "normal" | "long"} Scale */

/** @typedef {import("./player.mjs").Side} Side */

/** A number to reach, where there is nobody to race with. */
/** @typedef {{ limit: number, name: string }} Limit */

/**
 * One comparison.
 *
 * @typedef {object} Case
 * @property {string} case what is special about it among the row's cases
 * @property {Side} ours
 * @property {Side | Limit} theirs
 * @property {number} threads of each side; of ours where the row is about threads
 * @property {number} [tolerance] the largest difference between the two sides' samples that is rounding; none: no comparison
 * @property {number} [rounds] measured rounds; default 7
 * @property {number} [warmUpSeconds] the least time that each side works before it counts; default 1.5, 0 for none
 * @property {number | null} [floor] instead of the row's; null: for information
 */

/**
 * One line of the table in the benchmark's contract.
 *
 * @typedef {object} Row
 * @property {string} id
 * @property {string} work one line: what is done
 * @property {string} how a few sentences for docs/benchmarks.md: what exactly each side does
 * @property {string} unit of the two sides' numbers
 * @property {"rate" | "seconds" | "level"} value what a measurement gives: amount a second, the seconds, or the amount itself
 * @property {"higher" | "lower"} better
 * @property {number} floor of `ratio`, which is above 1 where ours is better
 * @property {string} [bound] what keeps it below its floor, with the measurement that shows it; read where it is below
 * @property {boolean} [byHand] needs a Python interpreter (`--python`)
 * @property {(scale: Scale, options: { python: string | undefined }) => Case[] | Promise<Case[]>} cases
 */

export {};
