import type { EncoderParameters, JsonObject, ParameterSpec } from "@kindred/encoder";
import { FormatError } from "@kindred/errors";
import { dropout as drop, l2Normalize } from "@kindred/nn";
import { childKey, type Key } from "@kindred/random";
import { type Float, type Layout, packed } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { dense, denseSpecs } from "./dense.ts";
import { denseConfig, type DenseConfig, denseFromConfig } from "./dense-config.ts";
import { pool, poolingConfig, type PoolingConfig, poolingFromConfig } from "./pool.ts";

/** A module after the pooling: it makes sentence vectors of sentence vectors. Plain data. */
export type VectorModule =
  | ({ readonly kind: "Dense" } & DenseConfig)
  | { readonly kind: "Normalize" }
  | { readonly kind: "Dropout"; readonly rate: number };

/** What comes after the encoder, in order: a pooling and whatever changes its vectors. Plain data, so it crosses threads. */
export type SentenceModules = readonly [{ readonly kind: "Pooling" } & PoolingConfig, ...VectorModule[]];

/** A module as a model folder has it: its class, its folder, and its `config.json` with that file's name. */
export type StoredModule = {
  readonly kind: string;
  readonly path: string;
  readonly config: JsonObject;
  readonly file: string;
};

/**
 * The modules that follow the transformer in a model folder.
 *
 * @param stored in the folder's order; the first is the pooling
 * @param features of a token's vector
 * @throws FormatError naming the file and the key: for a kind of module that is not known or not in its place, a module that does
 * not fit the one before it, and any setting that would change the vectors if it were ignored
 *
 * @example
 * ```ts
 * import { sentenceModules } from "@kindred/pooling";
 *
 * const stored = [
 *   { kind: "Pooling", path: "1_Pooling", config: { pooling_mode: "cls" }, file: "1_Pooling/config.json" },
 *   { kind: "Normalize", path: "2_Normalize", config: {}, file: "2_Normalize/config.json" },
 * ];
 * sentenceModules(stored, 384); // => [{ kind: "Pooling", dimension: 384, modes: ["cls"] }, { kind: "Normalize" }]
 * ```
 */
export function sentenceModules(stored: readonly StoredModule[], features: number): SentenceModules {
  const [first, ...others] = stored;
  if (first?.kind !== "Pooling") {
    throw new FormatError(
      { file: first?.file ?? "modules.json" },
      `no pooling after the transformer. Got ${first?.kind ?? "no module"}, expected Pooling.`,
    );
  }
  const pooling = { kind: "Pooling", ...poolingFromConfig(first.config, { file: first.file, features }) } as const;
  let width = pooling.dimension * pooling.modes.length;
  const modules = others.map(({ kind, path, config, file }): VectorModule => {
    if (kind === "Normalize") return { kind };
    if (kind === "Dropout") return { kind, rate: rateOf(config, file) };
    if (kind !== "Dense")
      throw new FormatError(
        { file },
        `no such module after a pooling. Got ${kind}, expected Dense, Normalize or Dropout.`,
      );
    const layer = denseFromConfig(config, { file, path });
    if (layer.inFeatures !== width)
      throw new FormatError(
        { file },
        `Got in_features ${layer.inFeatures}, expected the ${width} that come before it.`,
      );
    width = layer.outFeatures;
    return { kind, ...layer };
  });
  return [pooling, ...modules];
}

function rateOf(config: JsonObject, file: string): number {
  const rate = config["dropout"] ?? 0.2;
  if (typeof rate === "number" && rate >= 0 && rate < 1) return rate;
  throw new FormatError(
    { file },
    `dropout does not fit. Got ${JSON.stringify(rate)}, expected a number from 0 up to, not including, 1.`,
  );
}

/**
 * The contents of a module's `config.json`, in the form that every version of sentence-transformers reads; empty for Normalize.
 *
 * @example
 * ```ts
 * import { moduleConfig } from "@kindred/pooling";
 *
 * moduleConfig({ kind: "Dropout", rate: 0.1 }); // => { dropout: 0.1 }
 * ```
 */
export function moduleConfig(module: SentenceModules[number]): JsonObject {
  if (module.kind === "Pooling") return poolingConfig(module);
  if (module.kind === "Dense") return denseConfig(module);
  return module.kind === "Dropout" ? { dropout: module.rate } : {};
}

/**
 * The parameters of the modules, by names that begin with their folders.
 *
 * @example
 * ```ts
 * import { moduleSpecs } from "@kindred/pooling";
 *
 * const layer = { path: "2_Dense", inFeatures: 8, outFeatures: 4, bias: true, activation: "tanh", residual: false } as const;
 * const specs = moduleSpecs([{ kind: "Pooling", dimension: 8, modes: ["mean"] }, { kind: "Dense", ...layer }]);
 * specs.map(({ name }) => name); // => ["2_Dense.linear.weight", "2_Dense.linear.bias"]
 * ```
 */
export function moduleSpecs(modules: SentenceModules): ParameterSpec[] {
  return modules.flatMap((module) => (module.kind === "Dense" ? denseSpecs(module) : []));
}

/**
 * Features of a vector after the last module.
 *
 * @example
 * ```ts
 * import { sentenceDimension } from "@kindred/pooling";
 *
 * sentenceDimension([{ kind: "Pooling", dimension: 8, modes: ["mean", "max"] }, { kind: "Normalize" }]); // => 16
 * ```
 */
export function sentenceDimension([pooling, ...modules]: SentenceModules): number {
  const widths = modules.flatMap((module) => (module.kind === "Dense" ? [module.outFeatures] : []));
  return widths.at(-1) ?? pooling.dimension * pooling.modes.length;
}

/**
 * Whether the last module that changes vectors divides them by their length.
 *
 * @example
 * ```ts
 * import { endsNormalized } from "@kindred/pooling";
 *
 * endsNormalized([{ kind: "Pooling", dimension: 8, modes: ["mean"] }, { kind: "Normalize" }]); // => true
 * ```
 */
export function endsNormalized(modules: SentenceModules): boolean {
  return modules.findLast(({ kind }) => kind !== "Dropout")?.kind === "Normalize";
}

/** What {@link sentenceVectors} must and may be told. */
export type SentenceVectorOptions = {
  readonly modules: SentenceModules;
  /** The parameters of dense layers, by their specs' names. */
  readonly parameters: EncoderParameters;
  /** Which rows are which sentence's. */
  readonly layout: Layout;
  /** How many of each sentence's first tokens are a prompt's; left out where the pooling says so. Default: 0. */
  readonly promptLength?: number;
  /** A key, while training, for Dropout modules. Default: none. */
  readonly dropout?: Key;
};

/**
 * The vectors of sentences from those of their tokens: pooling, then module after module, in the order in which they stand.
 *
 * @throws ShapeError when the layout does not number x's rows, or a parameter is missing or does not fit
 *
 * @example
 * ```ts
 * import { sentenceVectors } from "@kindred/pooling";
 * import { cpu, packed } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const x = tf.tensor2d([[3, 4], [9, 9]]); // one sentence of two tokens
 * const layout = packed([2]);
 * const modules = [{ kind: "Pooling", dimension: 2, modes: ["cls"] }, { kind: "Normalize" }] as const;
 * sentenceVectors(x, { modules, parameters: {}, layout }).dataSync(); // => [0.6, 0.8]
 * ```
 */
export function sentenceVectors(
  x: Float<"tokens hidden">,
  { modules, parameters, layout, promptLength = 0, dropout }: SentenceVectorOptions,
): Float<"batch hidden"> {
  const [{ modes, includePrompt = true }, ...others] = modules;
  return tf.tidy(() => {
    let vectors = pool(x, { layout, mode: modes, promptLength: includePrompt ? 0 : promptLength });
    others.forEach((module, i) => {
      if (module.kind === "Dense") vectors = dense(parameters, vectors, module);
      else if (module.kind === "Normalize") vectors = l2Normalize(vectors);
      else if (dropout !== undefined && module.rate > 0)
        vectors = dropRows(vectors, module.rate, { layout, key: childKey(dropout, "module", i + 2) });
    });
    return vectors;
  });
}

/** Dropout of sentence vectors: a sentence counts as a token of its own. */
function dropRows(
  vectors: Float<"batch hidden">,
  rate: number,
  { layout, key }: { readonly layout: Layout; readonly key: Key },
): Float<"batch hidden"> {
  const own = packed(new Int32Array(layout.fixed.batch).fill(1), { numbers: layout.data.numbers });
  const rows: tf.Tensor = vectors;
  const dropped: tf.Tensor = drop(rows, { rate, key, layout: own });
  return dropped;
}
