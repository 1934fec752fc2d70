import type { JsonObject } from "@kindred/encoder";
import { FormatError } from "@kindred/errors";

/** The activations that a layer may end with, and what its file calls them. */
const activations = [
  ["tanh", "torch.nn.modules.activation.Tanh"],
  ["identity", "torch.nn.modules.linear.Identity"],
  ["relu", "torch.nn.modules.activation.ReLU"],
  ["sigmoid", "torch.nn.modules.activation.Sigmoid"],
  ["gelu", "torch.nn.modules.activation.GELU"],
] as const satisfies readonly (readonly [Activation, string])[];

/** What a dense layer ends with, element by element. `gelu` is the exact one. */
export type Activation = "tanh" | "identity" | "relu" | "sigmoid" | "gelu";

/**
 * A dense layer between pooling and normalisation: y = activation(x·weightᵀ + bias), with `residual` + x or its
 * projection.
 */
export type DenseConfig = {
  /** Its folder within the model's, `2_Dense`; also the first part of its weights' names. */
  readonly path: string;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly bias: boolean;
  readonly activation: Activation;
  readonly residual: boolean;
};

const keys = [
  "in_features",
  "out_features",
  "bias",
  "activation_function",
  "module_input_name",
  "module_output_name",
  "use_residual",
];

/**
 * The dense layer that a parsed `2_Dense/config.json` describes. Missing `bias` and `activation_function` are true and
 * tanh, as in sentence-transformers; its activation classes Tanh, Identity, ReLU, Sigmoid and GELU are known.
 *
 * @throws FormatError naming the file and the key, for another activation (sentence-transformers takes tanh for one
 * that it does not trust) or an unknown key, either of which would change the vectors
 * @see sentence-transformers 6.2.0, `base/modules/dense.py`
 */
export function denseFromConfig(
  json: JsonObject,
  { file, path }: { readonly file: string; readonly path: string },
): DenseConfig {
  const refuse = (key: string, rule: string): never => {
    throw new FormatError({ file }, `${key} does not fit. Got ${JSON.stringify(json[key])}, expected ${rule}.`);
  };
  for (const key of Object.keys(json)) if (!keys.includes(key)) refuse(key, `one of the keys ${keys.join(", ")}`);
  const size = (key: string) => {
    const value = json[key];
    return typeof value === "number" && Number.isInteger(value) && value > 0
      ? value
      : refuse(key, "a whole number above 0");
  };
  const flag = (key: string, absent: boolean) => {
    const value = json[key] ?? absent;
    return typeof value === "boolean" ? value : refuse(key, "true or false");
  };
  const type = json["activation_function"] ?? activations[0][1];
  const [activation] = activations.find(([, known]) => known === type) ?? [];
  return {
    path,
    inFeatures: size("in_features"),
    outFeatures: size("out_features"),
    bias: flag("bias", true),
    activation:
      activation ?? refuse("activation_function", `one of ${activations.map(([, known]) => known).join(", ")}`),
    residual: flag("use_residual", false),
  };
}

/** The contents of a dense layer's `config.json`; the keys of all versions, and `use_residual` only where it is on. */
export function denseConfig({ inFeatures, outFeatures, bias, activation, residual }: DenseConfig): JsonObject {
  const [, type] = activations.find(([name]) => name === activation) ?? activations[0];
  return {
    in_features: inFeatures,
    out_features: outFeatures,
    bias,
    activation_function: type,
    ...(residual ? { use_residual: true } : {}),
  };
}
