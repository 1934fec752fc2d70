import { gelu } from "@kindred/nn";
import { defineOp, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** What a dense layer ends with, element by element. `gelu` is the exact one. */
export type Activation = "identity" | "tanh" | "relu" | "sigmoid" | "gelu";

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

/** {@link activation}, but for those of nn, as an op that a backend may implement. */
const activationOp = defineOp<{ x: Float }, None, { readonly kind: Bounded }, Float>({
  name: "KindredActivation",
  check: () => {},
  composite: ({ x }, _, { kind }) => (kind === "relu" ? tf.relu(x) : kind === "tanh" ? tf.tanh(x) : tf.sigmoid(x)),
  saveResult: true,
  gradient: (dy, { result }, data, fixed) => ({ x: () => activationGradientOp({ dy, y: result }, data, fixed) }),
});

/** An activation by its name, element by element; differentiable. */
export function activation<Axes extends string>(x: Float<Axes>, kind: Activation): Float<Axes> {
  if (kind === "identity") return x;
  return kind === "gelu" ? gelu(x) : activationOp({ x }, {}, { kind });
}
