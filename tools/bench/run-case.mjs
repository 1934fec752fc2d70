import { CannotError } from "./contestant.mjs";
import { median } from "./median.mjs";
import { race } from "./race.mjs";

/**
 * One line of results.json.
 *
 * @typedef {object} Result
 * @property {string} id
 * @property {string} case
 * @property {number | null} ours median of the rounds, in `unit`; null if it did not run
 * @property {number | null} theirs
 * @property {string} peer who "theirs" is, with version
 * @property {string} unit
 * @property {number | null} ratio of the medians, above 1 where ours is better
 * @property {number | null} floor what the ratio is to reach; null: the line is for information
 * @property {number} threads
 * @property {number} runs rounds measured
 * @property {string} us who "ours" is, with version and variant
 * @property {{ ours: [number, number], theirs: [number, number] | null, ratio: [number, number] } | null} spread least and most (a limit has none); of
 * `ratio`, round by round
 * @property {string} node
 * @property {string} machine
 * @property {string} [note] why there is no number
 */

/**
 * Runs one comparison.
 *
 * @param {import("./row.mjs").Row} row
 * @param {import("./row.mjs").Case} comparison
 * @param {{ machine: string, cpuTime?: boolean }} options
 * @returns {Promise<Result>}
 */
export async function runCase(row, comparison, { machine, cpuTime = false }) {
  const { theirs, threads, floor = row.floor } = comparison;
  const common = { id: row.id, case: comparison.case, unit: row.unit, floor, threads, machine };
  try {
    const { rounds, names, node } = await race(comparison, { cpuTime });
    const numberOf = (/** @type {import("./player.mjs").Measurement} */ { amount, seconds }) =>
      ({ rate: amount / seconds, seconds, level: amount })[row.value];
    const limit = "limit" in theirs ? theirs.limit : Number.NaN;
    const pairs = rounds.map((round) => ({
      ours: numberOf(round.ours),
      theirs: round.theirs === undefined ? limit : numberOf(round.theirs),
    }));
    const ratioOf = (/** @type {{ ours: number, theirs: number }} */ pair) =>
      row.better === "higher" ? pair.ours / pair.theirs : pair.theirs / pair.ours;
    const [our, their] = [median(pairs.map((pair) => pair.ours)), median(pairs.map((pair) => pair.theirs))];
    const ratios = median(pairs.map(ratioOf));
    return {
      ...common,
      ours: our.middle,
      theirs: their.middle,
      peer: names.theirs,
      ratio: ratioOf({ ours: our.middle, theirs: their.middle }),
      runs: rounds.length,
      us: names.ours,
      spread: {
        ours: [our.least, our.most],
        theirs: "limit" in theirs ? null : [their.least, their.most],
        ratio: [ratios.least, ratios.most],
      },
      node,
    };
  } catch (error) {
    if (!(error instanceof CannotError)) throw error;
    const peer = "contestant" in theirs ? theirs.contestant : theirs.name;
    const nothing = {
      ours: null,
      theirs: null,
      ratio: null,
      spread: null,
      runs: 0,
      us: "",
      node: process.versions.node,
    };
    return { ...common, ...nothing, peer, note: error.message };
  }
}
