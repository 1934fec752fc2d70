import { ConfigError, FormatError } from "@kindred/errors";
import { readJson, sharedExists, sharedPath } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { poolingConfig, poolingFromConfig, poolingModes } from "./pool.ts";

const folder = ["golden", "mpnet-tiny", "model", "1_Pooling", "config.json"];

test.skipIf(!sharedExists(...folder))("the reference's file is read, and written key for key", () => {
  const json = readJson<object>(sharedPath(...folder));
  expect(poolingFromConfig(json)).toEqual({ dimension: 32, modes: ["mean"] });
  expect(poolingConfig({ dimension: 32, modes: ["mean"] })).toEqual(json);
});

test("both forms say the same", () => {
  const old = { word_embedding_dimension: 8, pooling_mode_max_tokens: true, pooling_mode_mean_tokens: true };
  expect(poolingFromConfig(old)).toEqual({ dimension: 8, modes: ["max", "mean"] });
  expect(poolingFromConfig({ embedding_dimension: 8, pooling_mode: ["max", "mean"], include_prompt: true })).toEqual({
    dimension: 8,
    modes: ["max", "mean"],
  });
  expect(poolingFromConfig({ embedding_dimension: 8, pooling_mode: "cls" }).modes).toEqual(["cls"]);
});

test("the new form's list keeps its order, the old form's switches have a fixed one", () => {
  expect(poolingFromConfig({ embedding_dimension: 8, pooling_mode: ["mean", "cls"] }).modes).toEqual(["mean", "cls"]);
  const switches = { pooling_mode_mean_tokens: true, pooling_mode_lasttoken: true, pooling_mode_cls_token: true };
  expect(poolingFromConfig({ word_embedding_dimension: 8, ...switches }).modes).toEqual(["cls", "mean", "lasttoken"]);
});

test("no mode is the mean, and pooling_mode wins over switches, as in sentence-transformers", () => {
  expect(poolingFromConfig({ word_embedding_dimension: 8 }).modes).toEqual(["mean"]);
  expect(poolingFromConfig({ word_embedding_dimension: 8, pooling_mode_cls_token: false }).modes).toEqual(["mean"]);
  const both = { word_embedding_dimension: 8, pooling_mode: "max", pooling_mode_cls_token: true };
  expect(poolingFromConfig(both).modes).toEqual(["max"]);
});

test("what is written is read back, and every first switch is there", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4096 }),
      fc.subarray([...poolingModes], { minLength: 1 }),
      fc.boolean(),
      (dimension, modes, includePrompt) => {
        const config = includePrompt ? { dimension, modes } : { dimension, modes, includePrompt };
        const json = JSON.parse(JSON.stringify(poolingConfig(config)));
        expect(poolingFromConfig(json)).toEqual(config);
        expect(typeof json.pooling_mode_cls_token).toBe("boolean");
        expect(typeof json.pooling_mode_mean_tokens).toBe("boolean");
      },
    ),
  );
});

test("later switches are written only where they are on, for readers of 2021 refuse them", () => {
  expect(Object.keys(poolingConfig({ dimension: 8, modes: ["cls"] }))).toHaveLength(5);
  expect(poolingConfig({ dimension: 8, modes: ["lasttoken"] })).toMatchObject({ pooling_mode_lasttoken: true });
});

test("what cannot be understood is refused by name, with the file", () => {
  const dimension = { word_embedding_dimension: 8 };
  const refused = (json: unknown) => expect(() => poolingFromConfig(json, { file: "m/1_Pooling/config.json" }));
  refused([]).toThrow("m/1_Pooling/config.json: no object. Got []");
  refused(null).toThrow(FormatError);
  refused({}).toThrow("no dimension");
  refused({ word_embedding_dimension: 1.5 }).toThrow("no dimension. Got word_embedding_dimension 1.5");
  refused({ ...dimension, pooling_mode: "meen" }).toThrow('unknown pooling_mode. Got "meen"');
  refused({ ...dimension, pooling_mode: "meen" }).toThrow("Did you mean mean?");
  refused({ ...dimension, pooling_mode: [] }).toThrow("no mode");
  refused({ ...dimension, pooling_mode: 3 }).toThrow("unknown pooling_mode. Got 3");
  refused({ ...dimension, pooling_mode_attention: true }).toThrow("unknown key. Got pooling_mode_attention");
  refused({ ...dimension, pooling_mode_cls_token: 1 }).toThrow("pooling_mode_cls_token is no switch. Got 1");
});

test("an order that the old form cannot say is written in the new one; no mode is refused", () => {
  for (const modes of [
    ["mean", "cls"],
    ["mean", "mean"],
  ] as const) {
    const config = { dimension: 8, modes, includePrompt: false };
    expect(poolingConfig(config)["pooling_mode"]).toEqual(modes);
    expect(poolingFromConfig(poolingConfig(config))).toEqual(config);
  }
  expect(() => poolingConfig({ dimension: 8, modes: [] })).toThrow(ConfigError);
});

test("the dimension is the token vectors', or theirs where the file has none", () => {
  expect(poolingFromConfig({ pooling_mode: "mean" }, { features: 12 }).dimension).toBe(12);
  expect(() => poolingFromConfig({ embedding_dimension: 8 }, { features: 12 })).toThrow(
    "1_Pooling/config.json: Got a pooling over 8 dimensions, expected the model's hidden size 12.",
  );
});
