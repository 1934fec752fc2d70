import { type EncoderParameters, linearSpecs, type ParameterSpec, parameterNamed } from "@kindred/encoder";
import { add, gelu, linear } from "@kindred/nn";
import { defineOp, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import type { Activation, DenseConfig } from "./dense-config.ts";

/** The parameters of a dense layer: names that begin with its folder, as `2_Dense.linear.weight`. */
export function denseSpecs({ path, inFeatures, outFeatures, bias, residual }: DenseConfig): ParameterSpec[] {
  const sizes = { out: outFeatures, in: inFeatures };
  return [
    ...linearSpecs(`${path}.linear`, sizes).filter(({ kind }) => bias || kind !== "shift"),
    ...linearSpecs(`${path}.residual`, sizes).filter(
      ({ kind }) => residual && inFeatures !== outFeatures && kind !== "shift",
    ),
  ];
}

/** A dense layer: activation(x·weightᵀ + bias), plus x, or its projection to another size, if the layer is residual. */
export function dense(
  parameters: EncoderParameters,
  x: Float<"batch hidden">,
  { path, bias, activation, residual, inFeatures, outFeatures }: DenseConfig,
): Float<"batch hidden"> {
  const weight = (name: string): Float => parameterNamed(parameters, `${path}.${name}`);
  const projected: typeof x = linear(x, weight("linear.weight"), bias ? weight("linear.bias") : undefined);
  const activated = activate(projected, activation);
  if (!residual) return activated;
  return add(activated, inFeatures === outFeatures ? x : linear(x, weight("residual.weight")));
}

type Bounded = "tanh" | "relu" | "sigmoid";

/** dx from dy and the output y, which is all that these three need. */
const activationGradientOp = defineOp<{ dy: Float; y: Float }, None, { readonly kind: Bounded }, Float>({
  name: "KindredActivationGradient",
  check: () => {},
  composite: ({ dy, y }, _, { kind }) => {
    if (kind === "relu") return tf.mul(dy, tf.step(y));
    return tf.mul(dy, kind === "tanh" ? tf.sub(1, tf.square(y)) : tf.mul(y, tf.sub(1, y)));
  },
});

/** tanh, ReLU or the logistic function, element by element, as an op that a backend may implement. */
const activationOp = defineOp<{ x: Float }, None, { readonly kind: Bounded }, Float>({
  name: "KindredActivation",
  check: () => {},
  composite: ({ x }, _, { kind }) => (kind === "relu" ? tf.relu(x) : kind === "tanh" ? tf.tanh(x) : tf.sigmoid(x)),
  saveResult: true,
  gradient: (dy, { result }, data, fixed) => ({ x: () => activationGradientOp({ dy, y: result }, data, fixed) }),
});

function activate(x: Float, kind: Activation): Float {
  if (kind === "identity") return x;
  return kind === "gelu" ? gelu(x) : activationOp({ x }, {}, { kind });
}
