import { ShapeError } from "@kindred/errors";
import { expect, test } from "vitest";
import { partitionSpec } from "./partition-spec.ts";

test("an axis is cut where @data follows its name", () => {
  expect(partitionSpec("in out@data")).toEqual([{ name: "in" }, { name: "out", meshAxis: "data" }]);
});

test("a scalar has no axes", () => {
  expect(partitionSpec("")).toEqual([]);
});

test.each(["batch@model hidden", "batch@ hidden", "@data", "a  b", "a@data@data"])(
  "refuses the axis in %j by name",
  (spec) => {
    expect(() => partitionSpec(spec)).toThrow(/not an axis/);
  },
);

test("refuses two cut axes", () => {
  expect(() => partitionSpec("a@data b@data")).toThrow(ShapeError);
});
