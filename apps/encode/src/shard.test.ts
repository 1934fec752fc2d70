import { describe, expect, test } from "vitest";
import { shardOf, shardPath } from "./shard.ts";

test("a shard is a number below a count, and has a file of its own", () => {
  expect(shardOf("0/4", {})).toEqual({ index: 0, of: 4 });
  expect(shardPath("out/a.b.npy", { index: 3, of: 12 })).toBe("out/a.b-00003-of-00012.npy");
  expect(shardPath("out.d/a", { index: 0, of: 1 })).toBe("out.d/a-00000-of-00001");
});

describe("auto is what an engine says of this process", () => {
  test.each<[string, string, { [name: string]: string }, { index: number; of: number }]>([
    ["Slurm", "auto", { SLURM_ARRAY_TASK_ID: "3", SLURM_ARRAY_TASK_COUNT: "4" }, { index: 3, of: 4 }],
    [
      "Slurm from 10 on by fives",
      "auto",
      {
        SLURM_ARRAY_TASK_ID: "20",
        SLURM_ARRAY_TASK_COUNT: "4",
        SLURM_ARRAY_TASK_MIN: "10",
        SLURM_ARRAY_TASK_STEP: "5",
      },
      { index: 2, of: 4 },
    ],
    ["AWS Batch", "auto", { AWS_BATCH_JOB_ARRAY_INDEX: "0", AWS_BATCH_JOB_ARRAY_SIZE: "2" }, { index: 0, of: 2 }],
    ["Cloud Run", "auto/2", { CLOUD_RUN_TASK_INDEX: "1", CLOUD_RUN_TASK_COUNT: "2" }, { index: 1, of: 2 }],
    ["Kubernetes", "auto/8", { JOB_COMPLETION_INDEX: "7" }, { index: 7, of: 8 }],
  ])("%s", (_, text, environment, shard) => {
    expect(shardOf(text, environment)).toEqual(shard);
  });
});

test.each<[string, { [name: string]: string }, RegExp]>([
  ["4/4", {}, /there is no such shard\. Got 4\/4 .*the first is 0\/4 and the last 3\/4/],
  ["1", {}, /no shard\. Got "1", expected 0\/4 to 3\/4 for four, or auto/],
  ["1/0", {}, /no such shard/],
  ["-1/4", {}, /no shard/],
  ["auto", {}, /no engine says which shard this is\. Got none of JOB_COMPLETION_INDEX \(Kubernetes\), /],
  [
    "auto",
    { JOB_COMPLETION_INDEX: "1" },
    /Kubernetes does not say how many shards there are\. Say it: --shard auto\/4/,
  ],
  ["auto", { JOB_COMPLETION_INDEX: "x" }, /JOB_COMPLETION_INDEX is no number of a shard\. Got x/],
  ["auto/3", { AWS_BATCH_JOB_ARRAY_INDEX: "1", AWS_BATCH_JOB_ARRAY_SIZE: "2" }, /Got auto\/3, and it says 2/],
  ["auto", { SLURM_ARRAY_TASK_ID: "9", SLURM_ARRAY_TASK_COUNT: "4" }, /no such shard\. Got auto \(9\/4\)/],
])("refuses %s with %j", (text, environment, message) => {
  expect(() => shardOf(text, environment)).toThrow(message);
});
