import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { betweenOps, cpu, defineOp, type Float, type None } from "./index.ts";

const next = defineOp<{ x: Float }, None, None, Float>({
  name: "TestNext",
  check: () => {},
  composite: ({ x }) => tf.add(x, 1),
});
const run = () => next({ x: tf.scalar(1) }, {}, {}).dataSync()[0];

beforeAll(() => cpu().start());

test("ops that a look runs are looked up from by nobody, but for those within a betweenOps of its own", () => {
  const looks: string[] = [];
  const inner = () => looks.push("inner");
  const outer = () => {
    looks.push("outer");
    expect([run(), betweenOps(inner, run), run()]).toEqual([2, 2, 2]);
  };
  expect(betweenOps(outer, run)).toBe(2);
  expect(looks).toEqual(["outer", "inner"]);
});

test("what a look throws ends the run, and the next run looks again", () => {
  const refuse = () => {
    throw new RangeError("refused");
  };
  for (let i = 0; i < 2; i++) expect(() => betweenOps(refuse, run)).toThrow("refused");
  expect(run()).toBe(2); // nobody looks outside
});
