// Two contestants side by side: turn by turn in one run, so that whatever the machine does meanwhile happens to both. Ours: benchmark
// libraries run one contestant after another, in one process.
import { expectAgreement } from "./expect-agreement.mjs";
import { Player } from "./player.mjs";

/** @typedef {import("./player.mjs").Measurement} Measurement */
/** @typedef {{ ours: Measurement, theirs: Measurement | undefined }} Round */
/** @typedef {{ rounds: Round[], names: { ours: string, theirs: string }, node: string }} Race */

/**
 * Warms both sides up, checks that they computed the same, and measures them in turns.
 *
 * V8 and other engines replace first code by better code while it runs. So warm-up ends when each side has worked for
 * `warmUpSeconds` and its last turn was no slower than 1.15 times its best, or when it has worked eight times as long without getting
 * steady, as on a busy machine.
 *
 * @param {import("./row.mjs").Case} comparison
 * @param {{ cpuTime?: boolean }} options cpuTime: count processor time instead of elapsed time
 * @returns {Promise<Race>}
 */
export async function race({ ours, theirs, rounds = 7, warmUpSeconds = 1.5, tolerance }, { cpuTime = false } = {}) {
  /** @type {Player[]} */
  const players = [];
  try {
    players.push(await Player.start(ours));
    if ("contestant" in theirs) players.push(await Player.start(theirs));
    const [us, them] = /** @type {[Player, Player | undefined]} */ (/** @type {unknown} */ (players));
    const sides = players.map(() => ({ worked: 0, best: Number.POSITIVE_INFINITY, steady: false }));
    let round = 0;
    const turn = async () => {
      /** @type {Measurement[]} */
      const measurements = [];
      // Who goes first changes from turn to turn, so that neither always finds the other's heat.
      const order = round % 2 === 0 ? [...players.keys()] : [...players.keys()].reverse();
      for (const i of order) {
        const measurement = await players[i]?.measure(round, cpuTime);
        if (measurement !== undefined) measurements[i] = measurement;
      }
      round += 1;
      return /** @type {[Measurement, Measurement | undefined]} */ (/** @type {unknown} */ (measurements));
    };
    while (warmUpSeconds > 0 && !sides.every(({ steady }) => steady)) {
      for (const [i, measurement] of (await turn()).entries()) {
        const side = sides[i];
        if (side === undefined || measurement === undefined) continue;
        const pace = measurement.seconds / measurement.amount;
        side.worked += measurement.seconds;
        side.steady ||= side.worked >= warmUpSeconds && (pace <= 1.15 * side.best || side.worked >= 8 * warmUpSeconds);
        side.best = Math.min(side.best, pace);
      }
    }

    if (tolerance !== undefined && them !== undefined) {
      expectAgreement(await us.sample(), await them.sample(), tolerance);
    }
    /** @type {Round[]} */
    const measured = [];
    while (measured.length < rounds) {
      const [our, their] = await turn();
      measured.push({ ours: our, theirs: their });
    }
    const names = { ours: us.name, theirs: them?.name ?? ("limit" in theirs ? theirs.name : "") };
    return { rounds: measured, names, node: us.node };
  } finally {
    for (const player of players) await player.stop();
  }
}
