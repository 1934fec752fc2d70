// The command line of the benchmark.
import { parseArgs } from "node:util";

/**
 * @typedef {object} BenchOptions
 * @property {import("./row.mjs").Scale} scale
 * @property {readonly string[] | undefined} only ids of rows; undefined: all
 * @property {string | undefined} python a Python interpreter, for the rows that need one
 * @property {string | undefined} against the folder of another checkout
 * @property {number | undefined} rounds of each race against that
 * @property {boolean} cpuTime count processor time
 * @property {boolean} help
 */

export const usage = `npx nx run bench -- [options]

  --quick            a smoke run of every row on tiny work; keeps no results
  --only id,id       these rows; others keep the results they have
  --long             also the work that takes an hour
  --python FILE      a Python interpreter with tokenizers, torch and sentence-transformers, for serve-python also fastapi and
                     uvicorn, for encode-int8 also onnx, onnxruntime, openvino and nncf, for the rows that race with Python
  --against FOLDER   races this checkout with another one instead, which is installed and built: the median ratio of new to old for each
                     row, and exit code 1 if one is below 0.97; keeps no results
  --rounds N         of each of these races; default 11
  --cpu-time         processor time instead of elapsed time: a first look on a busy machine, for rows of one thread;
                     keeps no results
  --own-node         on the machine's own Node instead of the one that npm brought
  --help             this text`;

/**
 * @param {readonly string[]} argv
 * @param {readonly string[]} ids of all rows
 * @returns {BenchOptions}
 * @throws Error for what is no option, or no row
 */
export function parseOptions(argv, ids) {
  // nx hands `--quick` on as `--quick=true`.
  const plain = argv.map((argument) => argument.replace(/^(--[a-z-]+)=true$/, "$1"));
  const { values } = parseArgs({
    args: plain,
    options: {
      quick: { type: "boolean", default: false },
      long: { type: "boolean", default: false },
      only: { type: "string", multiple: true },
      python: { type: "string" },
      against: { type: "string" },
      rounds: { type: "string" },
      "cpu-time": { type: "boolean", default: false },
      "own-node": { type: "boolean" },
      help: { type: "boolean", default: false },
    },
  });
  const only = values.only?.flatMap((list) => list.split(",")).filter((id) => id !== "");
  const unknown = only?.find((id) => !ids.includes(id));
  if (unknown !== undefined)
    throw new Error(`bench: no row is called ${unknown}. Got --only, expected some of ${ids.join(", ")}.`);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= 1))
    throw new Error(`bench: not a number of rounds. Got --rounds ${values.rounds}, expected a whole number from 1.`);
  return {
    scale: values.quick ? "quick" : values.long ? "long" : "normal",
    only,
    python: values.python,
    against: values.against,
    rounds,
    cpuTime: values["cpu-time"],
    help: values.help,
  };
}
