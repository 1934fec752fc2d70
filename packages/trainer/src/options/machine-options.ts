import { grouped, option } from "@kindred/options";
import * as v from "valibot";
import { countOrZero, text } from "./option-rules.ts";

/** Where a run is written and what it runs on. */
export const machineOptions = grouped("The run", {
  output: option(text, "", "Output folder. Default: runs/<preset>-<time>."),
  cores: option(countOrZero, 0, "Worker threads; 0 = one for each core of the machine."),
  backend: option(
    v.picklist(["wasm", "tfjs", "cpu", "xla"]),
    "wasm",
    "What runs the model: Kindred's own kernels, tfjs's on wasm, plain JavaScript, or XLA, for TPUs, GPUs and CPUs through a PJRT plugin.",
  ),
  devices: option(
    countOrZero,
    0,
    "With backend xla, instead of cores: how many devices to train on, each with as many rows of batchSize; 0 = all that there are, of a CPU one.",
  ),
  products: option(
    v.picklist(["float32", "bfloat16"]),
    "float32",
    "With backend xla: how large products are computed; bfloat16 is faster where the hardware has it, and less exact. Sums are float32 in both.",
  ),
  revectorize: option(
    v.boolean(),
    false,
    "Let V8 pair the kernels' instructions to 256 bits, after a check that the results are right: faster on Node 22 and later. Sets an experimental flag of V8 for the whole process.",
  ),
  seed: option(countOrZero, 42, "Seed of initialisation, shuffling and dropout. Same seed and cores, same run."),
  profile: option(
    v.boolean(),
    false,
    "Measure time, calls, arithmetic and bytes of every op from the third step on, on the first core, and tell at the end.",
  ),
});
