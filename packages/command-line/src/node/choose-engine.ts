import type { Compiled } from "@kindred/backend-xla";
import { ConfigError } from "@kindred/errors";
import { flagName, grouped, option, type OptionValues } from "@kindred/options";
import type { Engine } from "@kindred/tensor";
import * as v from "valibot";

/** Which engine a command works on, and how: options that may stand in a file. Of a training run they are among its own. */
export const choiceOptions = {
  backend: option(
    v.picklist(["wasm", "tfjs", "cpu", "xla"]),
    "wasm",
    "What runs the model: Kindred's own kernels, tfjs's on wasm, plain JavaScript, or XLA, for TPUs, GPUs and CPUs through a PJRT plugin.",
  ),
  revectorize: option(
    v.boolean(),
    true,
    "With backend wasm: let V8 pair the kernels' instructions to 256 bits, after a check that the results are right.",
  ),
  devices: option(
    v.pipe(v.number(), v.integer(), v.minValue(0)),
    0,
    "With backend xla: how many devices to work on; 0 = all that there are, of a CPU one.",
  ),
  products: option(
    v.picklist(["float32", "bfloat16"]),
    "float32",
    "With backend xla: how large products are computed; bfloat16 is faster where the hardware has it, and less exact. Sums are float32 in both.",
  ),
};

/** What concerns the machine, of backend xla. It is run as native code, so it comes from the command line and is kept in no file. */
export const machineOptions = {
  plugin: option(
    v.string(),
    "",
    "With backend xla: the file of a PJRT plugin, which is run as native code. Default: what PJRT_PLUGIN_PATH names, or one that is installed.",
  ),
  compileCache: option(
    v.string(),
    "",
    "With backend xla: the folder where compiled programs are kept for the next time, or none to keep none. Default: kindred/xla in your cache folder.",
  ),
};

/** The flags by which a command is told its engine. */
export const engineOptions = grouped("Engine", { ...choiceOptions, ...machineOptions });

/** What {@link chooseEngine} goes by. */
export type EngineChoice = OptionValues<typeof choiceOptions> &
  Partial<OptionValues<typeof machineOptions>> & {
    /** How a command that encodes keeps weights: wasm alone has other forms than float32. */
    readonly weights?: string;
  };

/** Who asks {@link chooseEngine}. */
export type ChooseEngineOptions = {
  /** The command or the function, for errors. */
  readonly where: string;
  /** How an option is written there. Default: as a flag. */
  readonly named?: (name: string) => string;
  /** Is told of every program that XLA makes ready. */
  readonly onCompile?: (compiled: Compiled) => void;
};

/**
 * The engine that a command's options name. Called before any thread compiles a kernel: that is when pairing to 256 bits is switched on. Only
 * the chosen engine's code is loaded.
 *
 * @throws ConfigError for an option of XLA with another backend, and for weights in fewer bits with another than wasm.
 *
 * @example
 * ```ts
 * import { chooseEngine } from "@kindred/command-line/node";
 *
 * const choice = { backend: "cpu", revectorize: false, devices: 0, products: "float32" } as const;
 * (await chooseEngine(choice, { where: "my-command" })).name; // => "cpu"
 * ```
 */
export async function chooseEngine(
  { backend, revectorize, devices, products, plugin = "", compileCache = "", weights = "float32" }: EngineChoice,
  { where, named = flagName, onCompile }: ChooseEngineOptions,
): Promise<Engine> {
  if (backend !== "wasm" && weights !== "float32") {
    throw new ConfigError(
      `${where}: ${named("backend")} ${backend} has weights of float32 alone. Got ${named("weights")} ${weights}. Leave it out, or choose ${named("backend")} wasm.`,
      { backend, weights },
    );
  }
  if (backend === "xla") {
    const { xla } = await import("@kindred/backend-xla");
    return xla({
      products,
      ...(onCompile === undefined ? {} : { onCompile }),
      ...(devices === 0 ? {} : { devices }),
      ...(plugin === "" ? {} : { plugin }),
      ...(compileCache === "" ? {} : { cacheFolder: compileCache === "none" ? false : compileCache }),
    });
  }
  const ofXla = { devices: devices !== 0, products: products !== "float32", plugin: plugin !== "" };
  for (const [name, given] of Object.entries({ ...ofXla, compileCache: compileCache !== "" })) {
    if (!given) continue;
    throw new ConfigError(
      `${where}: ${named(name)} says something to XLA alone. Got ${named("backend")} ${backend}. Leave it out, or choose ${named("backend")} xla.`,
      { backend },
    );
  }
  if (backend === "wasm") {
    const [{ wasm }, { enableRevectorization }] = await Promise.all([
      import("@kindred/backend-wasm"),
      import("@kindred/backend-wasm/node"),
    ]);
    return wasm(revectorize ? { revectorization: enableRevectorization() } : {});
  }
  const { cpu, tfjs } = await import("@kindred/tensor");
  return backend === "tfjs" ? tfjs() : cpu();
}
