// Kindred against Kindred of another checkout: every row's own contestant, new and old turn by turn in one run.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CannotError } from "./contestant.mjs";
import { median } from "./median.mjs";
import { race } from "./race.mjs";

/** @typedef {import("./row.mjs").Row} Row */
/** @typedef {import("./row.mjs").Case} Case */
/** @typedef {import("./player.mjs").Measurement} Measurement */

/** A change may cost a row no more than this: what is left of its speed. */
const leastRatio = 0.97;

/**
 * What became of a row.
 *
 * @typedef {object} Verdict
 * @property {string} id
 * @property {string} case
 * @property {number} ratio the median of the rounds' own ratios of new to old, above 1 where the new one is better
 * @property {readonly [number, number]} spread least and most of them
 * @property {number} rounds
 */

/**
 * Races this checkout with another one, row by row, and prints each as it is done.
 *
 * A row's cases are those of the benchmark, with the peers left out; a contestant that several rows race on the same work runs once,
 * under its first row. The module of each contestant is its own checkout's, so that it knows its own interfaces.
 *
 * @param {string} folder the other checkout, installed and built
 * @param {readonly Row[]} rows
 * @param {{ scale: import("./row.mjs").Scale, rounds: number | undefined, cpuTime: boolean }} options
 * @returns {Promise<{ verdicts: Verdict[], failed: number }>}
 */
export async function raceAgainst(folder, rows, { scale, rounds, cpuTime }) {
  if (!existsSync(join(folder, "tools", "bench", "play.mjs")))
    throw new Error(
      `bench: no checkout of Kindred. Got --against ${folder}, expected a folder with tools/bench, installed and built.`,
    );
  /** @type {Verdict[]} */
  const verdicts = [];
  let failed = 0;
  const raced = new Set();
  for (const row of rows) {
    for (const comparison of await row.cases(scale, { python: undefined })) {
      for (const side of ownSides(comparison)) {
        const work = JSON.stringify(side);
        if (raced.has(work)) continue;
        raced.add(work);
        try {
          const verdict = await raceSide(row, { ...comparison, ours: side }, { folder, scale, rounds, cpuTime });
          verdicts.push(verdict);
          console.log(verdictLine(verdict, scale));
        } catch (error) {
          if (!(error instanceof CannotError)) failed += 1;
          console.error(`${row.id}, ${comparison.case}: ${error instanceof Error ? error.message : error}`);
        }
      }
    }
  }
  return { verdicts, failed };
}

/** Whether a row has lost more than it may; a smoke run judges nothing. @param {{ readonly ratio: number }} verdict */
export function isSlower({ ratio }) {
  return ratio < leastRatio;
}

/** The sides of a comparison that are Kindred itself. @param {Case} comparison */
function ownSides({ ours, theirs }) {
  return [ours, ...("contestant" in theirs ? [theirs] : [])].filter(({ contestant }) =>
    contestant.startsWith("kindred-"),
  );
}

/**
 * @param {Row} row
 * @param {Case} comparison
 * @param {{ folder: string, scale: import("./row.mjs").Scale, rounds: number | undefined, cpuTime: boolean }} options
 * @returns {Promise<Verdict>}
 */
async function raceSide(row, comparison, { folder, scale, rounds, cpuTime }) {
  const { ours } = comparison;
  const light = { rounds: 1, warmUpSeconds: comparison.warmUpSeconds === 0 ? 0 : 1e-9 };
  // Levels, sizes of memory, are the same every time; of times more rounds than against a peer, since the ratio is near 1.
  const many = row.value === "level" ? {} : { rounds: rounds ?? Math.max(11, comparison.rounds ?? 7) };
  const { rounds: measured } = await race(
    { ...comparison, theirs: { ...ours, checkout: folder }, ...(scale === "quick" ? light : many) },
    { cpuTime },
  );
  const numberOf = (/** @type {Measurement} */ { amount, seconds }) =>
    ({ rate: amount / seconds, seconds, level: amount })[row.value];
  const ratios = measured.flatMap(({ ours: mine, theirs }) => {
    if (theirs === undefined) return [];
    const ratio = numberOf(mine) / numberOf(theirs);
    return [row.better === "higher" ? ratio : 1 / ratio];
  });
  const { middle, least, most } = median(ratios);
  const name = `${comparison.case}${"cores" in ours.setup ? `, cores: ${ours.setup.cores}` : ""}`;
  return { id: row.id, case: name, ratio: middle, spread: [least, most], rounds: ratios.length };
}

/** @param {Verdict} verdict @param {import("./row.mjs").Scale} scale */
function verdictLine(verdict, scale) {
  const { id, case: name, ratio, spread, rounds } = verdict;
  const [least, most] = spread.map((value) => value.toFixed(3));
  const judged = scale === "quick" ? "smoke run" : isSlower(verdict) ? `BELOW ${leastRatio}` : "kept";
  return `${id.padEnd(20)} ${name.padEnd(48)} new/old ${ratio.toFixed(3)} [${least}–${most}], ${rounds} rounds; ${judged}`;
}
