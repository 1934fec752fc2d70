import { ConfigError } from "@kindred/errors";
import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { checkOptions, flagName, option, optionHelp, parseFlags } from "./index.ts";

const table = {
  learningRate: option(v.pipe(v.number(), v.minValue(0)), 2e-5, "Peak learning rate."),
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
    [{ learningRate: -1 }, /run\.json: bad value for learningRate\. Got -1/],
    [{ schedule: "cubic" }, /bad value for schedule/],
    [[], /not an object/],
  ])("refuses %j", (given, message) => {
    expect(() => checkOptions(table, given, "run.json")).toThrow(ConfigError);
    expect(() => checkOptions(table, given, "run.json")).toThrow(message);
  });

  test("a key of Object.prototype is unknown like any other", () => {
    expect(() => checkOptions(table, JSON.parse('{"__proto__": 1}'), "x")).toThrow(/unknown option __proto__/);
    expect(() => checkOptions(table, { constructor: 1 }, "x")).toThrow(/unknown option constructor/);
  });
});

describe("parseFlags", () => {
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
});

test("help lists every option with its flag", () => {
  const help = optionHelp(table);
  for (const name of Object.keys(table)) expect(help).toContain(flagName(name));
  expect(help).toContain("--schedule <linear|constant>\n      How the rate falls. (default: linear)");
});
