import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

/**
 * The command line of a program that times steps in rounds: `--rounds`, `--steps` and `--cores`, by default all.
 *
 * @param {{ readonly rounds: number, readonly steps: number }} defaults
 */
export function roundOptions({ rounds, steps }) {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((argument) => argument !== "--own-node"),
    options: {
      rounds: { type: "string", default: `${rounds}` },
      steps: { type: "string", default: `${steps}` },
      cores: { type: "string", default: `${availableParallelism()}` },
    },
  });
  return { rounds: Number(values.rounds), steps: Number(values.steps), cores: Number(values.cores) };
}
