import type * as tf from "@tensorflow/tfjs-core";

declare const axes: unique symbol;
declare const elements: unique symbol;

/** Axes of which nothing is said: they fit any names, and any names fit them. */
// biome-ignore lint/suspicious/noExplicitAny: open in both directions, which only `any` is
export type AnyAxes = any;

/**
 * A float32 tensor whose axes have names: `Float<"tokens hidden">` is a matrix, `Float<"">` a scalar, and `Float` leaves the axes
 * open: it takes any and fits any, as a parameter does that was found by its name.
 *
 * A phantom over tfjs's own tensor: nothing exists at run time, every tfjs tensor is accepted, and a `Float<"tokens hidden">`
 * is refused where a `Float<"batch hidden">` is wanted. Results of stock tfjs functions fit any axes silently, so model code
 * calls typed ops only.
 */
export type Float<Axes extends string = AnyAxes> = tf.Tensor & {
  readonly [axes]?: Axes;
  readonly [elements]?: "float32";
};

/** An int32 tensor whose axes have names. Never a {@link Float}. */
export type Int<Axes extends string = AnyAxes> = tf.Tensor & {
  readonly [axes]?: Axes;
  readonly [elements]?: "int32";
};

/** `"batch@data"` is the axis `batch`, cut along the mesh axis `data`: the name without the cut. */
type WithoutCut<Word extends string> = Word extends `${infer Name}@${string}` ? Name : Word;

/** The names in a string of axes: `AxisNames<"batch@data heads 64">` is `"batch" | "heads"`. Literal sizes have no name. */
export type AxisNames<Axes extends string> = string extends Axes
  ? string
  : Axes extends `${infer First} ${infer Rest}`
    ? AxisNames<First> | AxisNames<Rest>
    : Axes extends "" | `${number}`
      ? never
      : WithoutCut<Axes>;

/** The size of every named axis. */
export type AxisSizes<Axes extends string> = { readonly [Name in AxisNames<Axes>]: number };
