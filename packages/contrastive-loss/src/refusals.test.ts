import { ConfigError, ShapeError } from "@kindred/errors";
import { lossShare } from "@kindred/loss";
import { tfjs } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { type ContrastiveOptions, contrastive, type Direction } from "./index.ts";

beforeAll(() => tfjs().start());

test("columns and rows that do not fit are refused", () => {
  const [two, three] = [tf.ones<tf.Rank.R2>([2, 2]), tf.ones<tf.Rank.R2>([3, 2])];
  const loss = contrastive({ equalTexts: "keep" });
  const share = (columns: tf.Tensor[], options = {}) => lossShare(loss, columns, options);
  expect(() => share([two])).toThrow("contrastive: the loss does not take these columns. Got 1, expected 2 or more");
  expect(() => share([two, three])).toThrow(ShapeError);
  expect(() => share([two, two], { totalRows: 3 })).toThrow("gather did not give the whole batch. Got 2 rows");
  expect(() => lossShare(contrastive(), [two, two])).toThrow("the loss needs text ids");
  const { value } = loss;
  const nothing = {
    scores: new Float32Array(),
    labels: new Int32Array(),
    textIds: [],
    groups: new Int32Array(),
    sources: new Int32Array(),
    vectors: {},
  };
  const context = {
    ...nothing,
    batch: nothing,
    firstRow: 0,
    totalRows: 2,
    gather: (x: tf.Tensor) => x,
    parameters: {},
  };
  expect(() => value([two], context)).toThrow("contrastive: too few columns. Got 1");
  tf.dispose([two, three]);
});

test("options that are no choice are refused when the loss is made", () => {
  const refused: [ContrastiveOptions, string][] = [
    [{ scale: 0 }, "expected scale above 0"],
    [{ similarity: "euclid" as "dot" }, 'expected similarity "cosine" or "dot"'],
    [{ equalTexts: "drop" as "keep" }, 'expected equalTexts "leaveOut" or "keep"'],
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
    expect(() => contrastive(options)).toThrow(ConfigError);
    expect(() => contrastive(options)).toThrow(message);
  }
});
