import { FormatError } from "@kindred/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readSignature } from "./read-signature.ts";

test("reads what main takes and gives", () => {
  const text = `#loc = loc("main")
module @step attributes {mhlo.num_replicas = 8 : i32} {
  func.func private @gelu(%arg0: tensor<4xf32>) -> tensor<4xf32> { return %arg0 : tensor<4xf32> }
  func.func public @main(%arg0: tensor<768x3072xf32> {tf.aliasing_output = 0 : i32} loc("a)b"),
      %arg1: tensor<i32>, %arg2: tensor<0x2xbf16> {jax.buffer_donor = true, mhlo.sharding = "{devices=[8,1]<=[8]}"},
      %arg3: tensor<5xi1> {jax.buffer_donor = false}) -> (tensor<768x3072xf32> {jax.result_info = "x[(0, 1)]"}, tensor<2xui32>) {
    return %arg0, %0 : tensor<768x3072xf32>, tensor<2xui32>
  }
}`;
  expect(readSignature(text)).toEqual({
    parameters: [
      { shape: [768, 3072], type: "f32", donated: true },
      { shape: [], type: "i32", donated: false },
      { shape: [0, 2], type: "bf16", donated: true },
      { shape: [5], type: "i1", donated: false },
    ],
    outputs: [
      { shape: [768, 3072], type: "f32" },
      { shape: [2], type: "ui32" },
    ],
  });
});

test("reads a main without arguments or outputs, and one output without brackets", () => {
  expect(readSignature("func.func @main() { return }")).toEqual({ parameters: [], outputs: [] });
  const { outputs } = readSignature("func.func public @main() -> tensor<3xf32> {");
  expect(outputs).toEqual([{ shape: [3], type: "f32" }]);
});

test("gives back every signature that is written", () => {
  const spec = fc.record({
    shape: fc.array(fc.nat({ max: 4096 }), { maxLength: 5 }),
    type: fc.constantFrom("f32", "bf16", "i32", "ui32", "i1"),
    donated: fc.boolean(),
    note: fc.string().map((text) => JSON.stringify(text)),
  });
  const write = ({ shape, type }: { shape: number[]; type: string }) => `tensor<${[...shape, type].join("x")}>`;
  fc.assert(
    fc.property(fc.array(spec), fc.array(spec), (parameters, outputs) => {
      const head = parameters.map((parameter, i) => {
        const donor = parameter.donated ? ", tf.aliasing_output = 3 : i32" : "";
        return `%arg${i}: ${write(parameter)} {note = ${parameter.note}${donor}}`;
      });
      const results = outputs.map((output) => `${write(output)} {jax.result_info = ${output.note}}`);
      const text = `module { func.func public @main(${head.join(", ")}) -> (${results.join(", ")}) {\n} }`;
      const plain = (list: typeof parameters) => list.map(({ shape, type }) => ({ shape, type }));
      expect(readSignature(text)).toEqual({
        parameters: parameters.map(({ shape, type, donated }) => ({ shape, type, donated })),
        outputs: plain(outputs),
      });
    }),
  );
});

describe("refuses", () => {
  const main = (head: string, results = "") => `func.func public @main(${head})${results} {`;
  test.each([
    ["a text without main", "module { func.func private @main(%a: tensor<f32>) { return } }", /no main/],
    ["a type that can't be passed", main("%a: tensor<2xf64>"), /tensor<2xf64>/],
    ["a size that is not known", main("%a: tensor<?xf32>"), /tensor<\?xf32>/],
    ["an output that can't be passed", main("", " -> tensor<2xcomplex<f32>>"), /can't be passed/],
    ["a head that does not end", "func.func public @main(%a: tensor<2xf32>", /complete/],
    ["outputs that do not end", main("", " -> (tensor<2xf32>"), /complete/],
  ])("%s", (_, text, message) => {
    expect(() => readSignature(text)).toThrow(FormatError);
    expect(() => readSignature(text)).toThrow(message);
  });
});
