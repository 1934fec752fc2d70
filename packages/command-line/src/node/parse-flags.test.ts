import { ConfigError } from "@kindred/errors";
import { option } from "@kindred/options";
import fc from "fast-check";
import * as v from "valibot";
import { expect, test } from "vitest";
import { parseFlags } from "./index.ts";

const table = {
  learningRate: option(v.pipe(v.number(), v.minValue(0)), 2e-5, "Peak learning rate."),
  schedule: option(v.picklist(["linear", "constant"]), "linear", "How the rate falls."),
  json: option(v.boolean(), false, "Print events as JSON lines."),
  evalData: option(v.array(v.string()), [], "Held-out files."),
  resume: option(v.optional(v.string()), undefined, "Go on with a run."),
};

test("kebab, snake and camel case are the same flag, with = or a space", () => {
  for (const argv of [
    ["--learning-rate", "3"],
    ["--learning_rate=3"],
    ["--learningRate", "3"],
    ["--learning-rate=3"],
  ]) {
    expect(parseFlags(table, argv).given).toEqual({ learningRate: 3 });
  }
});

test("a boolean is turned off in snake case, too", () => {
  expect(parseFlags(table, ["--no_json"]).given).toEqual({ json: false });
});

test("lists repeat, booleans stand alone and are turned off by --no-", () => {
  expect(parseFlags(table, ["--eval-data", "a", "--no-json", "--eval-data=b"]).given).toEqual({
    evalData: ["a", "b"],
    json: false,
  });
});

test("an option with an optional value is empty when bare", () => {
  const bare = { optionalValue: ["resume"] };
  expect(parseFlags(table, ["--resume"], bare).given).toEqual({ resume: "" });
  expect(parseFlags(table, ["--resume", "--json"], bare).given).toEqual({ resume: "", json: true });
  expect(parseFlags(table, ["--resume", "runs/a"], bare).given).toEqual({ resume: "runs/a" });
});

test("a negative number and a single dash are no flags; a value may look like one", () => {
  expect(parseFlags(table, ["-5", "-", "--learning-rate", "-1e-3", "-1.5"])).toEqual({
    given: { learningRate: -1e-3 },
    positionals: ["-5", "-", "-1.5"],
  });
  expect(parseFlags(table, ["--eval-data=--json", "--eval-data", "-x"]).given).toEqual({ evalData: ["--json", "-x"] });
});

test("after -- everything is text, whatever it looks like", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (words) => {
      expect(parseFlags(table, ["--json", "--", ...words])).toEqual({ given: { json: true }, positionals: words });
    }),
  );
});

test("any number survives the command line", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (value) => {
      expect(parseFlags(table, [`--learning-rate=${value}`]).given).toEqual({
        learningRate: value === 0 ? Number(`${value}`) : value,
      });
    }),
  );
});

test.each([
  [["--lerning-rate", "1"], /unknown option --lerning-rate\. Did you mean --learning-rate\?/],
  [["-x"], /unknown option -x/],
  [["--learning-rate"], /a value is missing/],
  [["--learning-rate", "--json"], /a value is missing/],
  [["--learning-rate", "fast"], /not a number/],
  [["--json=yes"], /takes no value/],
  [["--no-learning-rate"], /unknown option --no-learning-rate/],
])("refuses %j", (argv, message) => {
  expect(() => parseFlags(table, argv)).toThrow(ConfigError);
  expect(() => parseFlags(table, argv)).toThrow(message);
});
