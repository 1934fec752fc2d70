import { ConfigError, ShapeError } from "@kindred/errors";
import { startBackend } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { type ContrastiveLossOptions, contrastiveLoss, type Direction } from "./index.ts";

beforeAll(() => startBackend("wasm"));

test("columns, rows and numbers that do not fit are refused", () => {
  const [two, three, wide] = [tf.ones<tf.Rank.R2>([2, 2]), tf.ones<tf.Rank.R2>([3, 2]), tf.ones<tf.Rank.R2>([2, 3])];
  expect(() => contrastiveLoss([two])).toThrow("contrastiveLoss: too few columns. Got 1");
  expect(() => contrastiveLoss([two, three])).toThrow(ShapeError);
  expect(() => contrastiveLoss([two, wide])).toThrow(ShapeError);
  expect(() => contrastiveLoss([two, two], { scale: 0 })).toThrow(ConfigError);
  expect(() => contrastiveLoss([two, two], { firstRow: 1 })).toThrow("this core's rows are not among the batch's");
  expect(() => contrastiveLoss([two, two], { textIds: [Int32Array.of(1, 2)] })).toThrow("textIds do not fit");
  const refused: [ContrastiveLossOptions, string][] = [
    [{ direction: "one-way", directions: ["queryToDoc"] }, "direction and directions are both given"],
    [{ directions: ["docToQuery"] }, "directions are not what the loss knows"],
    [{ directions: [] }, "directions are not what the loss knows"],
    [{ directions: ["queryToDoc", "docToAnswer" as Direction] }, "directions are not what the loss knows"],
    [{ directions: ["queryToDoc", "queryToQuery"], partition: "perDirection" }, "needs the right answer among"],
    [{ directions: ["queryToDoc", "docToDoc"], partition: "perDirection" }, "needs the right answer among"],
    [{ directions: ["queryToDoc"], partition: "each" as "joint" }, "partition is not what the loss knows"],
    [{ partition: "joint" }, "partition is of directions"],
    [{ direction: "one-way", partition: "joint" }, "partition is of directions"],
  ];
  for (const [options, message] of refused) {
    expect(() => contrastiveLoss([two, two], options)).toThrow(ConfigError);
    expect(() => contrastiveLoss([two, two], options)).toThrow(message);
  }
  tf.dispose([two, three, wide]);
});
