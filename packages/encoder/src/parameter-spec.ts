import { ShapeError } from "@kindred/errors";
import { weightShape } from "@kindred/nn";
import { childKey, type Key, normal } from "@kindred/random";
import type { Float } from "@kindred/tensor";
import type * as tf from "@tensorflow/tfjs-core";
import type { Encoder } from "./encoder-family.ts";

/**
 * What a parameter is, for all who treat kinds differently: the optimizer's decay (tables and matrices only), the store of
 * gradients (of a table few rows change in a step), packing for products (matrices), first values.
 *
 * * `table`: rows that are looked up by a number, `[rows, features]`;
 * * `matrix`: the weight of a linear map, `[out, in]`;
 * * `gain`: what a normalisation multiplies by, 1 at first;
 * * `shift`: what is added, a bias, 0 at first.
 */
export type ParameterKind = "table" | "matrix" | "gain" | "shift";

/** A parameter of a model: its name, shape and kind. Plain data. */
export type ParameterSpec = {
  /** For an encoder the bare Hugging Face name, `encoder.layer.0.output.dense.bias`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly kind: ParameterKind;
  /** The row of a table that gets no gradient, PyTorch's `padding_idx`, and is 0 at first. Default: none. */
  readonly rowWithoutGradient?: number;
  /**
   * How deep in the encoder it is first used: 0 in the embeddings, i + 1 in layer i. Whoever treats layers apart goes by it: a rate that falls
   * from layer to layer. Default: none, for what comes after the last layer.
   */
  readonly depth?: number;
  /** The standard deviation of a table's or matrix's first values. Default 0.02. */
  readonly deviation?: number;
};

/** A model's parameters by name, as tensors. Linear maps' may be packed (`packWeight` of `@kindred/nn`) where nothing is trained. */
export type EncoderParameters = { readonly [name: string]: Float };

/**
 * The parameters of an affine map y = x·weightᵀ + bias: `name.weight`, a matrix, and `name.bias`.
 *
 * @example
 * ```ts
 * import { linearSpecs } from "@kindred/encoder";
 *
 * linearSpecs("dense", { out: 4, in: 8 }).map(({ name, shape }) => [name, ...shape]); // => [["dense.weight", 4, 8], ["dense.bias", 4]]
 * ```
 */
export function linearSpecs(
  name: string,
  sizes: { readonly out: number; readonly in: number; readonly deviation?: number },
): ParameterSpec[] {
  const deviation = sizes.deviation === undefined ? {} : { deviation: sizes.deviation };
  return [
    { name: `${name}.weight`, shape: [sizes.out, sizes.in], kind: "matrix", ...deviation },
    { name: `${name}.bias`, shape: [sizes.out], kind: "shift" },
  ];
}

/**
 * The parameters of a layer norm over `hidden` features: `name.weight`, its gain, and `name.bias`, its shift.
 *
 * @example
 * ```ts
 * import { layerNormSpecs } from "@kindred/encoder";
 *
 * layerNormSpecs("LayerNorm", 8).map(({ kind }) => kind); // => ["gain", "shift"]
 * ```
 */
export function layerNormSpecs(name: string, hidden: number): ParameterSpec[] {
  return [
    { name: `${name}.weight`, shape: [hidden], kind: "gain" },
    { name: `${name}.bias`, shape: [hidden], kind: "shift" },
  ];
}

/**
 * The reading of a checkpoint's names that is the same for all families of Hugging Face's: masked-LM checkpoints put the model's own
 * name in front of every other, and old ones call the parameters of layer norms `gamma` and `beta`.
 *
 * @param specs of the family's parameters, under today's names
 * @param prefix with the dot at its end
 * @see huggingface/transformers 5.24, `conversion_mapping.py`
 *
 * @example
 * ```ts
 * import { storedNames } from "@kindred/encoder";
 *
 * const parameterOf = storedNames([{ name: "embeddings.LayerNorm.weight", shape: [8], kind: "gain" }], "bert.");
 * parameterOf("bert.embeddings.LayerNorm.gamma"); // => "embeddings.LayerNorm.weight"
 * parameterOf("cls.predictions.bias"); // => undefined
 * ```
 */
export function storedNames(specs: readonly ParameterSpec[], prefix: string): Encoder["parameterOf"] {
  const names = new Set(specs.map(({ name }) => name));
  return (storedName) => {
    const name = (storedName.startsWith(prefix) ? storedName.slice(prefix.length) : storedName)
      .replace(/\.LayerNorm\.gamma$/, ".LayerNorm.weight")
      .replace(/\.LayerNorm\.beta$/, ".LayerNorm.bias");
    return names.has(name) ? name : undefined;
  };
}

/**
 * Checks that there is a tensor of the right shape for every spec; further ones are ignored.
 *
 * @param functionName what the error says was called
 * @throws ShapeError naming the first parameter that is missing, with those that are there, or has another shape
 *
 * @example
 * ```ts
 * import { expectParameters, parameterNamed } from "@kindred/encoder";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const parameters = { "dense.bias": tf.zeros([3]) };
 * expectParameters("encode", parameters, [{ name: "dense.bias", shape: [3], kind: "shift" }]);
 * parameterNamed<"out">(parameters, "dense.bias").shape; // => [3]
 * ```
 */
export function expectParameters(
  functionName: string,
  parameters: EncoderParameters,
  specs: readonly ParameterSpec[],
): void {
  for (const { name, shape } of specs) {
    const tensor = parameterNamed(parameters, name, functionName);
    const given = weightShape(tensor);
    if (given.length === shape.length && given.every((size, axis) => size === shape[axis])) continue;
    throw new ShapeError(
      `${functionName}: parameter ${name} does not fit the configuration. Got [${given.join(", ")}], expected [${shape.join(", ")}]. ` +
        "Do the weights and config.json belong to one model?",
      { name, shape: given, expected: shape },
    );
  }
}

/**
 * The tensor of a name; the caller says its axes, as {@link expectParameters} has checked them against a spec.
 *
 * @throws ShapeError if there is none
 *
 * @example
 * ```ts
 * import { parameterNamed } from "@kindred/encoder";
 * import { linear } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const parameters = { "dense.weight": tf.ones([2, 3]), "dense.bias": tf.zeros([2]) };
 * const weight = parameterNamed<"out in">(parameters, "dense.weight");
 * linear(tf.ones([1, 3]), weight, parameterNamed<"out">(parameters, "dense.bias")).dataSync(); // => [3, 3]
 * ```
 */
export function parameterNamed<Axes extends string>(
  parameters: EncoderParameters,
  name: string,
  functionName = "parameterNamed",
): Float<Axes> {
  const tensor: tf.Tensor | undefined = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  if (tensor !== undefined) return tensor;
  const others = Object.keys(parameters);
  throw new ShapeError(
    `${functionName}: parameter ${name} is missing. Got ${others.length} others${others.length === 0 ? "" : `, ${others.slice(0, 3).join(", ")} … among them`}. ` +
      "Do the weights and config.json belong to one model?",
    { name },
  );
}

/** The values of a parameter, row by row, and its shape. */
export type ParameterValues = { readonly shape: readonly number[]; readonly values: Float32Array };

/**
 * Random first values for parameters, by name, drawn as Hugging Face's models draw them.
 *
 * Tables and matrices from a normal distribution of the spec's `deviation` (not cut off), a table's row without gradient 0,
 * gains 1, shifts 0. Each is drawn from a key of its own, made from its name, so it depends on key and spec alone.
 *
 * @example
 * ```ts
 * import { initialParameters, type ParameterSpec } from "@kindred/encoder";
 * import { keyFromSeed } from "@kindred/random";
 *
 * const specs: ParameterSpec[] = [
 *   { name: "words", shape: [4, 2], kind: "table", rowWithoutGradient: 1 },
 *   { name: "norm.weight", shape: [2], kind: "gain" },
 * ];
 * const { words, "norm.weight": gain } = initialParameters(specs, keyFromSeed(1));
 * gain; // => { shape: [2], values: [1, 1] }
 * words?.values.slice(2, 4); // => [0, 0]
 * ```
 */
export function initialParameters(specs: readonly ParameterSpec[], key: Key): { [name: string]: ParameterValues } {
  return Object.fromEntries(
    specs.map((spec) => [spec.name, { shape: spec.shape, values: initialValues(spec, childKey(key, spec.name)) }]),
  );
}

function initialValues({ shape, kind, rowWithoutGradient: row, deviation = 0.02 }: ParameterSpec, key: Key) {
  const count = shape.reduce((product, size) => product * size, 1);
  if (kind === "gain" || kind === "shift") return new Float32Array(count).fill(kind === "gain" ? 1 : 0);
  const values = normal(key, count, { standardDeviation: deviation });
  const features = count / (shape[0] ?? 1);
  return row === undefined ? values : values.fill(0, row * features, (row + 1) * features);
}
