import { FormatError } from "@kindred/errors";
import { expect, test } from "vitest";
import { safetensorsIndex } from "./index.ts";

test("files come in the order of their first tensor, each with its tensors", () => {
  const text = JSON.stringify({
    metadata: { total_size: 9 },
    weight_map: { c: "2.safetensors", a: "1.safetensors", b: "2.safetensors" },
  });
  expect([...safetensorsIndex(text)]).toEqual([
    ["2.safetensors", ["c", "b"]],
    ["1.safetensors", ["a"]],
  ]);
});

test.each([
  ["no JSON", "{", /not JSON/],
  ["no object", "null", /no weight_map/],
  ["no map", "{}", /no weight_map/],
  ["a list for a map", '{"weight_map": ["a"]}', /no weight_map/],
  ["a file above the folder", '{"weight_map": {"a": "../b"}}', /sends "a" elsewhere/],
  ["a file below the folder", '{"weight_map": {"a": "b\\\\c"}}', /elsewhere/],
  ["the folder above itself", '{"weight_map": {"a": ".."}}', /elsewhere/],
  ["a number for a file", '{"weight_map": {"a": 1}}', /elsewhere/],
])("refuses %s", (_, text, message) => {
  expect(() => safetensorsIndex(text, { file: "i.json" })).toThrow(FormatError);
  expect(() => safetensorsIndex(text, { file: "i.json" })).toThrow(message);
  expect(() => safetensorsIndex(text, { file: "i.json" })).toThrow(/^i\.json/);
});
