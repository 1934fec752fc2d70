// With libtpu, where TPU_LIBRARY_PATH names one (`pip download --no-deps libtpu==0.0.42.1`, unzipped): it compiles without a TPU.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { allReduce, updateOf } from "../test-support/programs.ts";

const libtpu = process.env["TPU_LIBRARY_PATH"];

function compiled(name: string, replicas: number, text: string) {
  const file = fileURLToPath(new URL("../test-programs/ahead-of-time.mjs", import.meta.url));
  const args = [file, libtpu ?? "", name, String(replicas), text];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect(status, stderr).toBe(0); // also that it ends well: libtpu samples its threads by signals
  return JSON.parse(stdout);
}

test.skipIf(libtpu === undefined)(
  "compiles for TPUs that are not there, of one host and of two, with donated memory",
  () => {
    const weights = 1024 * 256 * 4;
    expect(compiled("v3:2x2", 1, updateOf("1024x256x"))).toMatchObject({
      ...{ platform: "tpu", devices: 8, kind: "TPU v3", hosts: 1 },
      memory: { arguments: 2 * weights, outputs: weights, aliased: weights },
      cost: { flops: 2 * 1024 * 256 },
    });
    expect(compiled("v3:4x2", 16, allReduce(16))).toMatchObject({ devices: 16, hosts: 2 });
  },
);
