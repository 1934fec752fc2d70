import { xlaTunables } from "@kindred/command-line/node";
import { multipliesBfloat16 } from "../inputs/cpu-plugin.mjs";

/** @typedef {import("../row.mjs").Case} Case */

/**
 * What XLA is raced with, in float32 and with bfloat16 products, on one and two cores: our own kernels, and with a Python interpreter
 * sentence-transformers in float32 and, for information, under PyTorch's bfloat16 autocast.
 *
 * @param {object} race
 * @param {string} race.work the case's name
 * @param {(threads: number, products: "float32" | "bfloat16") => Case["ours"]} race.ours
 * @param {(threads: number) => import("../player.mjs").Side} race.kernels
 * @param {(threads: number, autocast: boolean) => import("../player.mjs").Side | undefined} race.pytorch
 * @param {{ readonly float32: number, readonly bfloat16: readonly [oneCore: number, twoCores: number], readonly pytorch: number }} race.floors
 * @param {{ readonly float32: number, readonly bfloat16: number }} [race.tolerances]
 * @param {number} race.rounds
 * @returns {Case[]}
 */
export function xlaCases({ work, ours, kernels, pytorch, floors, tolerances, rounds }) {
  const fast = multipliesBfloat16();
  /** @type {Case[]} */
  const cases = [];
  for (const threads of [1, 2]) {
    const on = threads === 1 ? "1 core" : "2 cores";
    /**
     * @param {"float32" | "bfloat16"} products
     * @param {Case["theirs"] | undefined} theirs
     * @param {number | null} floor
     * @param {string} against
     */
    const add = (products, theirs, floor, against) => {
      if (theirs === undefined) return;
      const without = products === "bfloat16" && !fast;
      cases.push({
        case: `${work}, ${on}, ${products}${without ? " (no avx512_bf16 here)" : ""}, ${against}`,
        ours: { ...ours(threads, products), environment: { GLIBC_TUNABLES: xlaTunables } }, // as the commands do
        theirs,
        threads,
        rounds,
        floor: without ? null : floor,
        ...(tolerances && { tolerance: tolerances[products] }),
      });
    };
    add("float32", kernels(threads), floors.float32, "our kernels");
    add("bfloat16", kernels(threads), floors.bfloat16[threads - 1] ?? null, "our kernels");
    add("bfloat16", pytorch(threads, false), floors.pytorch, "PyTorch float32");
    add("bfloat16", pytorch(threads, true), null, "PyTorch autocast");
  }
  return cases;
}
