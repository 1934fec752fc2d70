import { ShapeError } from "@kindred/errors";
import { weightShape } from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import type { MpnetConfig } from "./mpnet-config.ts";
import { weightNames } from "./weight-names.ts";

/** An affine map. */
export type LinearParameters<In extends string, Out extends string> = {
  readonly weight: Float<`${Out} ${In}`>;
  readonly bias: Float<Out>;
};

/** Gain (`weight`, gamma) and shift (`bias`, beta) of a layer norm. */
export type LayerNormParameters = { readonly weight: Float<"hidden">; readonly bias: Float<"hidden"> };

/** One layer of the encoder. */
export type MpnetLayerParameters = {
  readonly attention: {
    readonly attn: { readonly [part in "q" | "k" | "v" | "o"]: LinearParameters<"hidden", "hidden"> };
    readonly LayerNorm: LayerNormParameters;
  };
  readonly intermediate: { readonly dense: LinearParameters<"hidden", "intermediate"> };
  readonly output: {
    readonly dense: LinearParameters<"intermediate", "hidden">;
    readonly LayerNorm: LayerNormParameters;
  };
};

/** The weights of an MPNet encoder as a tree that reads like their Hugging Face names. */
export type MpnetParameters = {
  readonly embeddings: {
    readonly word_embeddings: { readonly weight: Float<"vocab hidden"> };
    readonly position_embeddings: { readonly weight: Float<"positions hidden"> };
    readonly LayerNorm: LayerNormParameters;
  };
  readonly encoder: {
    readonly relative_attention_bias: { readonly weight: Float<"buckets heads"> };
    readonly layer: { readonly [index: number]: MpnetLayerParameters };
  };
};

/**
 * A flat record of weights as a tree: `named["encoder.layer.0.output.dense.bias"]` is `tree.encoder.layer[0].output.dense.bias`.
 *
 * The tensors are the same, nothing is copied. Weights that the encoder does not have (a pooler) are left out. Weights of linear
 * maps may be packed (`packWeight` of `@kindred/nn`).
 *
 * @throws ShapeError when a weight is missing or has another shape than the configuration says, naming it
 *
 * @example
 * ```ts
 * import { initialParameters, mpnetConfig, mpnetParameters } from "@kindred/mpnet";
 * import { keyFromSeed } from "@kindred/random";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const config = mpnetConfig({ model_type: "mpnet", vocab_size: 50, hidden_size: 8, num_attention_heads: 2, num_hidden_layers: 1 });
 * const weights = Object.entries(initialParameters(config, keyFromSeed(1)));
 * const named = Object.fromEntries(weights.map(([name, { values, shape }]) => [name, tf.tensor(values, [...shape])]));
 * mpnetParameters(named, config).encoder.layer[0]!.attention.attn.q.weight.shape; // => [8, 8]
 * ```
 */
export function mpnetParameters(named: { readonly [name: string]: Float }, config: MpnetConfig): MpnetParameters {
  const tree: Branch = {};
  for (const { name, shape } of weightNames(config)) {
    const tensor = named[name];
    if (tensor === undefined || weightShape(tensor).join() !== shape.join()) {
      throw new ShapeError(
        `mpnetParameters: weight ${name} ${tensor === undefined ? "is missing" : "does not fit the configuration"}. Got ` +
          `${tensor === undefined ? `${Object.keys(named).length} other weights` : `[${tensor.shape.join(", ")}]`}, expected ` +
          `[${shape.join(", ")}]. Do weights and config.json belong to one model?`,
        { name, shape: tensor?.shape, expected: shape },
      );
    }
    const path = name.split(".");
    let branch = tree;
    for (const step of path.slice(0, -1)) {
      branch[step] ??= {};
      branch = branch[step] as Branch;
    }
    branch[path.at(-1)!] = tensor;
  }
  return tree as unknown as MpnetParameters;
}

type Branch = { [step: string]: Branch | Float };
