import { ConfigError } from "@kindred/errors";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { checkOptions, flagName, option, optionHelp } from "./index.ts";

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

test("help lists every option with its flag", () => {
  const help = optionHelp(table);
  for (const name of Object.keys(table)) expect(help).toContain(flagName(name));
  expect(help).toContain("--schedule <linear|constant>\n      How the rate falls. (default: linear)");
});
