import type { Float } from "@kindred/tensor";

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
  /** The standard deviation of a table's or matrix's first values. Default 0.02. */
  readonly deviation?: number;
};

/** A model's parameters by name, as tensors. Linear maps' may be packed (`packWeight` of `@kindred/nn`) where nothing is trained. */
export type EncoderParameters = { readonly [name: string]: Float };
