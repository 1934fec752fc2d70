import * as tf from "@tensorflow/tfjs-core";
import { expectTypeOf, test } from "vitest";
import { type AxisNames, expectShape, type Float, type Int } from "./index.ts";

// The compiler is what is tested here: a line that should be an error and isn't fails the type check.

test("axes are told apart, and so are element types; tfjs's own tensors fit all", () => {
  const accept = (_: Float<"tokens hidden">, __?: Int<"tokens">) => {};
  const check = (
    tokens: Float<"tokens hidden">,
    batch: Float<"batch hidden">,
    ids: Int<"tokens">,
    plain: tf.Tensor2D,
  ) => {
    accept(tokens, ids);
    accept(plain, plain);
    // @ts-expect-error other axes
    accept(batch);
    // @ts-expect-error other elements
    accept(ids);
    // @ts-expect-error other elements, axes left open
    const float: Float = ids;
    const any: Float = batch;
    accept(any);
    const stock: tf.Tensor = tokens;
    return [float, any, stock];
  };
  expectTypeOf(check).toBeFunction();
});

test("axes infer through a template, as an op's signature needs", () => {
  const transposed = <A extends string, B extends string>(_: Float<`${A} ${B}`>) =>
    null as unknown as Float<`${B} ${A}`>;
  expectTypeOf(transposed(null as unknown as Float<"out in">)).toEqualTypeOf<Float<"in out">>();
});

test("names are the words without literal sizes and mesh axes", () => {
  expectTypeOf<AxisNames<"batch@data heads 64">>().toEqualTypeOf<"batch" | "heads">();
  expectTypeOf<AxisNames<"">>().toEqualTypeOf<never>();
  expectTypeOf<AxisNames<string>>().toEqualTypeOf<string>();
  const sizes = () => expectShape("f", "x", tf.zeros([1, 2]), "tokens hidden");
  expectTypeOf(sizes).returns.toEqualTypeOf<{ readonly tokens: number; readonly hidden: number }>();
});
