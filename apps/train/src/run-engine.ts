import { wasm } from "@kindred/backend-wasm";
import { enableRevectorization } from "@kindred/backend-wasm/node";
import { xla } from "@kindred/backend-xla";
import { ConfigError } from "@kindred/errors";
import { cpu, type Engine, tfjs } from "@kindred/tensor";
import type { CompiledProgram, TrainConfig } from "@kindred/trainer";

/** What concerns the machine and not the run: it comes from the command line and is kept in no file. */
export type MachineOptions = {
  /**
   * Of backend xla: the file of a PJRT plugin. A file of options never names one, as it is run as native code. Default: the one that
   * `PJRT_PLUGIN_PATH` names, or that is installed.
   */
  readonly plugin?: string;
  /** Of backend xla: the folder where compiled programs are kept from run to run; false for none. Default: kindred/xla in the user's cache folder. */
  readonly compileCache?: string | false;
};

/** The same from a command's flags, where "" is what was not given. */
export function machineOptions(flags: { readonly plugin: string; readonly compileCache: string }): MachineOptions {
  const { plugin, compileCache } = flags;
  return {
    ...(plugin === "" ? {} : { plugin }),
    ...(compileCache === "" ? {} : { compileCache: compileCache === "none" ? false : compileCache }),
  };
}

/** An engine, and what it has compiled. */
export type RunEngine = {
  readonly engine: Engine;
  /** The programs that it made ready since this was last called. */
  readonly compiled: () => readonly CompiledProgram[];
};

/**
 * The engine that options name. Called before any thread compiles a kernel: that is when pairing to 256 bits is switched on.
 *
 * @throws ConfigError for an option of XLA with another backend.
 */
export function runEngine(
  { backend, revectorize, devices, products }: Pick<TrainConfig, "backend" | "revectorize" | "devices" | "products">,
  machine: MachineOptions = {},
): RunEngine {
  if (backend === "xla") return onXla({ devices, products }, machine);
  const { plugin, compileCache } = machine;
  if (plugin !== undefined || compileCache !== undefined)
    throw new ConfigError(
      `train: ${plugin === undefined ? "compileCache" : "plugin"} says something to XLA alone. Got backend ${backend}. Leave it out, or choose backend xla (--backend xla).`,
      { backend },
    );
  if (backend === "wasm") return withoutPrograms(wasm(revectorize ? { revectorization: enableRevectorization() } : {}));
  return withoutPrograms(backend === "tfjs" ? tfjs() : cpu());
}

function onXla(
  { devices, products }: Pick<TrainConfig, "devices" | "products">,
  { plugin, compileCache }: MachineOptions,
): RunEngine {
  const made: CompiledProgram[] = [];
  const engine = xla({
    products,
    onCompile: ({ hash, seconds, fromCache, reason }) => void made.push({ program: hash, seconds, fromCache, reason }),
    ...(devices === 0 ? {} : { devices }),
    ...(plugin === undefined ? {} : { plugin }),
    ...(compileCache === undefined ? {} : { cacheFolder: compileCache }),
  });
  return { engine, compiled: () => made.splice(0) };
}

function withoutPrograms(engine: Engine): RunEngine {
  return { engine, compiled: () => [] };
}
