import { ShapeError } from "@kindred/errors";
import { arbitraryShape } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { cpu, expectShape, expectShapes } from "./index.ts";

beforeAll(() => cpu().start());

const x = () => tf.zeros([128, 512]);

test("gives the sizes by name; absent tensors, literal sizes and mesh axes are no names", () => {
  const sizes = expectShapes("attention", {
    q: [tf.zeros([6, 2, 64]), "batch@data heads 64"],
    bias: [undefined, "heads distances"],
    ids: [tf.zeros([6], "int32"), "batch", "int32"],
    loss: [tf.scalar(0), ""],
  });
  expect(sizes).toEqual({ batch: 6, heads: 2 });
});

test("one name, two sizes: the message prints every shape", () => {
  const weight = tf.zeros([768, 768]);
  const call = () => expectShapes("linear", { x: [x(), "tokens in"], weight: [weight, "out in"] });
  expect(call).toThrow(ShapeError);
  expect(call).toThrow(
    'linear: axis 1 (in) of weight is 768 but 512 in x. Got x "tokens in" = [128, 512], weight "out in" = [768, 768], expected one ' +
      "size for each axis name. Check where the argument that differs was made.",
  );
});

test.each<[string, () => unknown, string]>([
  [
    "rank",
    () => expectShape("f", "x", x(), "tokens"),
    'f: x has rank 2. Got x "tokens" = [128, 512], expected x to have 1 axis.',
  ],
  ["literal size", () => expectShape("f", "x", x(), "tokens 64"), "f: axis 1 (64) of x is 512."],
  ["repeated name", () => expectShape("f", "x", x(), "n n"), "f: axis 1 (n) of x is 512 but 128 in x."],
  ["empty axis", () => expectShape("f", "x", tf.zeros([0, 3]), "tokens hidden"), "f: axis 0 (tokens) of x is empty."],
  ["literal zero", () => expectShape("f", "x", tf.zeros([0]), "0"), "f: axis 0 (0) of x is empty."],
  ["element type", () => expectShapes("f", { ids: [x(), "a b", "int32"] }), "f: ids has elements of type float32."],
])("refuses a wrong %s", (_, call, message) => {
  expect(call).toThrow(ShapeError);
  expect(call).toThrow(message);
});

test("any tensor has the sizes that it was made with", () => {
  fc.assert(
    fc.property(arbitraryShape({ maxElements: 2000 }), (shape) => {
      const names = shape.map((_, i) => `axis${i}`);
      const sizes: { readonly [name: string]: number } = expectShape(
        "f",
        "x",
        tf.zeros(shape),
        names.join(" ") as string,
      );
      expect(Object.values(sizes)).toEqual(shape);
    }),
  );
});

test("any change of one axis of one of two equal tensors is refused", () => {
  fc.assert(
    fc.property(arbitraryShape({ maxElements: 2000 }), fc.nat(), (shape, where) => {
      fc.pre(shape.length > 0);
      const axes = shape.map((_, i) => `axis${i}`).join(" ");
      const other = shape.map((size, i) => (i === where % shape.length ? size + 1 : size));
      expect(() => expectShapes("f", { x: [tf.zeros(shape), axes], y: [tf.zeros(other), axes] })).toThrow(ShapeError);
    }),
  );
});
