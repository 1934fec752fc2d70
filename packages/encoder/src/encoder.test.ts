import { FormatError, ShapeError } from "@kindred/errors";
import { packWeight } from "@kindred/nn";
import { keyFromSeed } from "@kindred/random";
import { tfjs } from "@kindred/tensor";
import { arbitraryKey } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { configReader, type Encoder, type EncoderFamily, openEncoder } from "./encoder-family.ts";
import { expectParameters, initialParameters, parameterNamed, type ParameterSpec } from "./parameter-spec.ts";

const specs: ParameterSpec[] = [
  { name: "words", shape: [50, 8], kind: "table", rowWithoutGradient: 3 },
  { name: "dense.weight", shape: [6, 8], kind: "matrix", deviation: 0.5 },
  { name: "dense.bias", shape: [6], kind: "shift" },
  { name: "norm.weight", shape: [8], kind: "gain" },
];

test("first values go by kind: gains 1, shifts 0, a row without gradient 0, the rest drawn", () => {
  fc.assert(
    fc.property(arbitraryKey(), (key) => {
      const values = initialParameters(specs, key);
      expect(Object.entries(values).map(([name, { shape }]) => [name, shape])).toEqual(
        specs.map(({ name, shape }) => [name, shape]),
      );
      const { words, "dense.weight": matrix } = values;
      expect(values["norm.weight"]?.values).toEqual(new Float32Array(8).fill(1));
      expect(values["dense.bias"]?.values).toEqual(new Float32Array(6));
      expect(words?.values.slice(24, 32)).toEqual(new Float32Array(8));
      expect([words, matrix].map((drawn) => drawn?.values.filter((value) => value === 0).length)).toEqual([8, 0]);
    }),
    { numRuns: 20 },
  );
});

test("drawn values have mean 0 and the spec's deviation, 0.02 by default, within five of their own deviations", () => {
  for (const [deviation, spec] of [
    [0.02, { name: "a", shape: [500, 40], kind: "table" }],
    [0.3, { name: "a", shape: [500, 40], kind: "matrix", deviation: 0.3 }],
  ] as const) {
    const { a } = initialParameters([spec], keyFromSeed(5));
    const drawn = Array.from(a?.values ?? []);
    const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
    const variance = drawn.reduce((sum, value) => sum + value ** 2, 0) / drawn.length;
    expect(Math.abs(mean)).toBeLessThan((5 * deviation) / Math.sqrt(drawn.length));
    expect(Math.abs(variance / deviation ** 2 - 1)).toBeLessThan(5 * Math.sqrt(2 / drawn.length));
  }
});

test("a parameter depends on key, name and shape alone, and no two are alike", () => {
  const [words, matrix] = specs as [ParameterSpec, ParameterSpec];
  const key = keyFromSeed(1);
  expect(initialParameters([matrix], key)["dense.weight"]).toEqual(initialParameters(specs, key)["dense.weight"]);
  const twice = initialParameters([matrix, { ...matrix, name: "other" }], key);
  expect(twice["dense.weight"]).not.toEqual(twice["other"]);
  expect(initialParameters([words], keyFromSeed(2))).not.toEqual(initialParameters([words], key));
});

test("expectParameters takes packed weights and further ones, and names what is missing or misshapen", async () => {
  await tfjs().start();
  const given = Object.fromEntries(specs.map(({ name, shape }) => [name, tf.zeros([...shape])]));
  const weight = packWeight(tf.zeros([64, 8]));
  expectParameters("encode", { ...given, more: tf.zeros([1]) }, specs);
  expectParameters("encode", { weight }, [{ name: "weight", shape: [64, 8], kind: "matrix" }]);
  const { "dense.bias": _, ...rest } = given;
  const missing = () => expectParameters("encode", rest, specs);
  expect(missing).toThrow(ShapeError);
  expect(missing).toThrow(
    "encode: parameter dense.bias is missing. Got 3 others, words, dense.weight, norm.weight … among them. Do the weights",
  );
  expect(() => expectParameters("encode", { ...rest, "dense.bias": tf.zeros([7]) }, specs)).toThrow(
    "encode: parameter dense.bias does not fit the configuration. Got [7], expected [6].",
  );
  expect(parameterNamed<"hidden">(given, "norm.weight")).toBe(given["norm.weight"]);
  expect(() => parameterNamed({}, "toString")).toThrow("parameter toString is missing. Got 0 others.");
});

const family = (modelTypes: string[]): EncoderFamily => ({
  modelTypes,
  newConfig: () => ({ model_type: modelTypes[0] }),
  open: (config, at) => ({ description: JSON.stringify([modelTypes[0], config, at]) }) as Encoder,
});

test("openEncoder gives the configuration to the family that has its model_type", () => {
  const families = [family(["a"]), family(["b", "c"])];
  const opened = (config: unknown, options = {}) =>
    JSON.parse(openEncoder(families, config, options).description) as unknown;
  expect(opened({ model_type: "c", x: 1 })).toEqual(["b", { model_type: "c", x: 1 }, { file: "config.json" }]);
  expect(opened({ model_type: "a" }, { file: "m/config.json", dropout: { hidden: 0 } })).toEqual([
    "a",
    { model_type: "a" },
    { file: "m/config.json", dropout: { hidden: 0 } },
  ]);
  expect(() => opened({ model_type: "gpt2" })).toThrow(FormatError);
  expect(() => opened({ model_type: "gpt2" })).toThrow(
    'config.json: model_type is not supported. Got "gpt2", expected one of a, b, c.',
  );
  expect(() => opened({})).toThrow("Got undefined");
  for (const json of [null, 3, "x", []]) expect(() => opened(json)).toThrow("config.json: not a configuration.");
});

test("the reader of a configuration gives values and defaults, and refuses others by file and key", () => {
  const read = configReader(
    { layers: 6, eps: 1e-5, rate: 0.1, pad: null, act: "gelu", bad: "768", half: 1.5, none: null },
    { file: "models/a/config.json" },
  );
  expect(read.whole("layers", { byDefault: 12, least: 0 })).toBe(6);
  expect(read.whole("none", { byDefault: 12, least: 0 })).toBe(12);
  expect([read.size("eps", 1e-12), read.share("rate", 0), read.size("missing", 1e-12)]).toEqual([1e-5, 0.1, 1e-12]);
  expect(read.id("pad", { byDefault: 0, vocabulary: 9 })).toBeUndefined();
  expect(read.id("missing", { byDefault: 1, vocabulary: 9 })).toBe(1);
  read.only("act", ["gelu"], "");
  read.only("missing", [false], "");
  const refusal = (call: () => unknown, message: string) => {
    expect(call).toThrow(FormatError);
    expect(call).toThrow(`models/a/config.json: ${message}`);
  };
  refusal(() => read.whole("bad", { byDefault: 1, least: 1 }), 'bad does not fit. Got "768", expected a whole number');
  refusal(() => read.whole("half", { byDefault: 1, least: 1 }), "half does not fit. Got 1.5");
  refusal(() => read.share("half", 0), "half does not fit. Got 1.5, expected a number from 0 up to, not including, 1");
  refusal(
    () => read.id("layers", { byDefault: 0, vocabulary: 6 }),
    "layers does not fit. Got 6, expected an id from 0 to 5",
  );
  refusal(
    () => read.only("act", ["relu", "tanh"], "Use it."),
    'act does not fit. Got "gelu", expected "relu" or "tanh". Use it.',
  );
});
