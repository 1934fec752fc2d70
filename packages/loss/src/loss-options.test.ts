import { ConfigError } from "@kindred/errors";
import * as v from "valibot";
import { expect, test } from "vitest";
import { lossOptions } from "./index.ts";

const schema = v.strictObject({
  margin: v.optional(v.pipe(v.number(), v.minValue(0)), 5),
  distance: v.optional(v.picklist(["cosine", "euclidean"]), "cosine"),
});

test("what is given stays, and the rest is as by default", () => {
  expect(lossOptions("triplet", schema, {})).toEqual({ margin: 5, distance: "cosine" });
  expect(lossOptions("triplet", schema, { margin: 0, distance: undefined })).toEqual({ margin: 0, distance: "cosine" });
});

test.each<readonly [object, string]>([
  [{ margin: -1 }, 'triplet: margin is out of range. Got {"margin":-1}, expected margin >=0.'],
  [{ margin: "1" }, "expected margin number."],
  [{ distance: "far" }, 'expected distance ("cosine" | "euclidean").'],
  [{ marge: 1 }, 'triplet: there is no option marge. Got {"marge":1}, expected margin, distance.'],
])("%j is refused, naming the option and its rule", (given, message) => {
  expect(() => lossOptions("triplet", schema, given)).toThrow(ConfigError);
  expect(() => lossOptions("triplet", schema, given)).toThrow(message);
});
