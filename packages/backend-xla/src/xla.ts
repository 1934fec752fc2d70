import { ConfigError } from "@kindred/errors";
import { type DefinedEngine, defineEngine, type EngineParts } from "@kindred/tensor";
import { implementRules } from "./rules/implement-rules.ts";

/** Options of {@link xla}. */
export type XlaOptions = {
  /** The PJRT plugin's file. Default: the first that `findPlugin` of `@kindred/pjrt` finds. */
  readonly plugin?: string;
  /** How many devices to drive from this thread, of a plugin that makes as many as it is asked for. Default: all that it has, one of a CPU's. */
  readonly devices?: number;
  /**
   * How large products are computed: `"bfloat16"` converts their operands, sums stay float32. Small products (attention's, pooling) are float32
   * always. Default `"float32"`.
   */
  readonly products?: "float32" | "bfloat16";
  /** Where compiled programs are kept from run to run, or `false` for nowhere. Default: `kindred/xla` in the user's cache folder. */
  readonly cacheFolder?: string | false;
  /** Is told of every program that was compiled, or loaded from the folder. */
  readonly onCompile?: (compiled: Compiled) => void;
};

/** A program that was made ready to run. */
export type Compiled = {
  /** Of the program's text, sha256 in hexadecimal. */
  readonly hash: string;
  /** What it took. */
  readonly seconds: number;
  /** Whether it was loaded instead of compiled. */
  readonly fromCache: boolean;
  /** Why it was not known: what differed from what was recorded before. */
  readonly reason: string;
  /** On how many devices it runs at once. */
  readonly replicas: number;
};

/** What a running {@link xla} engine has besides. */
export type XlaExtra = {
  readonly products: "float32" | "bfloat16";
};

/**
 * XLA as an engine: ops are recorded instead of run, and what was recorded is compiled once and run on TPU cores, GPUs or CPUs, through a PJRT plugin.
 *
 * @throws ConfigError for options that are none.
 * @example
 * ```ts ignore
 * import { xla } from "@kindred/backend-xla";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const engine = await xla({ devices: 2 }).start();
 * tf.add(tf.tensor1d([1, 2]), 1).dataSync(); // => [2, 3]
 * ```
 */
export function xla(options: XlaOptions = {}): DefinedEngine<XlaExtra> {
  const load = async (): Promise<EngineParts<XlaExtra>> => {
    implementRules();
    throw new ConfigError(`xla: this engine does not run yet. Got ${JSON.stringify(options.plugin)}. Use wasm().`);
  };
  return defineEngine({ name: "xla", load });
}
