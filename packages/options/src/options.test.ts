import { ConfigError } from "@kindred/errors";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { checkOptions, flagName, grouped, markdownTable, option, optionHelp, optionReference, shown } from "./index.ts";

const table = {
  learningRate: option(v.pipe(v.number(), v.finite(), v.minValue(0)), 2e-5, "Peak learning rate."),
  schedule: option(v.picklist(["linear", "constant"]), "linear", "How the rate falls."),
  json: option(v.boolean(), false, "Print events as JSON lines."),
  evalData: option(v.array(v.string()), [], "Held-out files."),
  resume: option(v.optional(v.string()), undefined, "Go on with a run."),
};

describe("checkOptions", () => {
  test("fills in defaults and keeps what is given", () => {
    expect(checkOptions(table, { learningRate: 1 }, "run.json")).toEqual({
      learningRate: 1,
      schedule: "linear",
      json: false,
      evalData: [],
      resume: undefined,
    });
  });

  test.each([
    [{ lerningRate: 1 }, /run\.json: unknown option lerningRate\. Did you mean learningRate\?/],
    [{ learningRate: -1 }, /^run\.json: bad value for learningRate\. Got -1, expected >=0\.$/],
    [{ learningRate: Number.NaN }, /Got NaN, expected number\.$/],
    [{ learningRate: Number.POSITIVE_INFINITY }, /Got Infinity, expected finite\.$/],
    [{ schedule: "cubic" }, /bad value for schedule\. Got "cubic", expected \("linear" \| "constant"\)\.$/],
    [[], /not an object/],
  ])("refuses %j", (given, message) => {
    expect(() => checkOptions(table, given, "run.json")).toThrow(ConfigError);
    expect(() => checkOptions(table, given, "run.json")).toThrow(message);
  });

  test("names an option as it is written where it comes from", () => {
    const given = { learningRate: -1 };
    expect(() => checkOptions(table, given, "greet", { named: flagName })).toThrow(
      /^greet: bad value for --learning-rate\./,
    );
  });

  test("a key of Object.prototype is unknown like any other", () => {
    expect(() => checkOptions(table, JSON.parse('{"__proto__": 1}'), "x")).toThrow(/unknown option __proto__/);
    expect(() => checkOptions(table, { constructor: 1 }, "x")).toThrow(/unknown option constructor/);
  });
});

test("help lists every option with its flag", () => {
  const help = optionHelp(table);
  for (const name of Object.keys(table)) expect(help).toContain(flagName(name));
  expect(help).toContain("--schedule <linear|constant>\n      How the rate falls. (default: linear)");
});

test("help groups options under their headings, those of the command first", () => {
  const help = optionHelp({
    json: table.json,
    ...grouped("Steps", { learningRate: table.learningRate, schedule: table.schedule }),
    ...grouped("Data", { evalData: table.evalData }),
  });
  expect(help.split("\n").filter((line) => !line.startsWith("      "))).toEqual([
    "  --json",
    "",
    "Steps:",
    "  --learning-rate <number>",
    "  --schedule <linear|constant>",
    "",
    "Data:",
    "  --eval-data <list>",
  ]);
});

test("help names other options as flags, and leaves other words as they are", () => {
  const described = {
    ...table,
    json: { ...table.json, description: "As for learningRate and toString, in evalDataset." },
  };
  expect(optionHelp(described)).toContain("As for --learning-rate and toString, in evalDataset.");
});

test("a description is wrapped, and no word is lost", () => {
  const description = "one two three four five six seven eight nine ten";
  const lines = optionHelp({ seed: option(v.number(), 7, description) }, 24)
    .split("\n")
    .slice(1);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(24);
  expect(lines.map((line) => line.trim()).join(" ")).toBe(`${description} (default: 7)`);
});

describe("optionReference", () => {
  test.each([
    [v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(8)), "whole number from 2 to 8"],
    [v.optional(v.pipe(v.number(), v.minValue(0), v.ltValue(1))), "number from 0 to below 1"],
    [v.pipe(v.number(), v.gtValue(0)), "number above 0"],
    [v.picklist(["a", "b"]), "`a`, `b`"],
    [v.boolean(), "true or false"],
    [v.array(v.string()), "list of texts"],
    [v.string(), "text"],
  ])("says what a schema takes, case %#", (schema, words) => {
    const reference = optionReference({ one: { schema, default: undefined, description: "A test." } });
    expect(reference.split("\n").at(-1)).toBe(`| \`one\`  | ${words.padEnd(5)} |         | A test.      |`);
  });

  test("has a heading for each group, a row for each option, and no HTML", () => {
    const two = { ...table, schedule: { ...table.schedule, description: "How <s> falls | rises." } };
    const reference = optionReference({ ...two, ...grouped("More", { more: table.json }) });
    expect(reference.match(/^## .*$/gm)).toEqual(["## More"]);
    for (const name of Object.keys(table)) expect(reference).toContain(`| \`${name}\``);
    expect(reference).toContain("How \\<s> falls \\| rises.");
  });

  test("a table's columns are as wide as their widest cells; what says nothing is not shown", () => {
    expect(
      markdownTable([
        ["a", "b"],
        ["wide", shown(false)],
        ["c", shown("")],
      ]),
    ).toBe("| a    | b       |\n| ---- | ------- |\n| wide | `false` |\n| c    |         |");
  });
});
