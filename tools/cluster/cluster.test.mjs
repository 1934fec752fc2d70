// The manifests of examples/kubernetes: that Kubernetes takes them, and that their parts agree with each other and with the command.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { main } from "@kindred/encode";
import { expect, test, vi } from "vitest";
import { parse } from "yaml";
import { root } from "../node-runtime.mjs";
import { jobFaults } from "./manifest-faults.mjs";

/** @param {string} name */
const manifest = (name) => readFile(join(root, "examples", "kubernetes", name), "utf8");
const [encode, merge] = [await manifest("encode-job.yaml"), await manifest("merge-job.yaml")];

test("they are Jobs of Kubernetes' API", () => expect(jobFaults(encode, merge)).toEqual([]));

test.each([
  [
    "a name that is misspelt",
    "completionMode",
    "completionsMode",
    /completionsMode.* does not exist in type 'JobSpec'/,
  ],
  ["a number that is a text", "completions: 8", 'completions: "8"', /'string' is not assignable to type 'number'/],
  ["a part that is missing", "containers:", "initContainers:", /Property 'containers' is missing/],
  ["another kind of object", "kind: Job", "kind: CronJob", /it is a CronJob of batch\/v1/],
])("%s is noticed", (_, from, to, message) => {
  expect(encode).toContain(from);
  expect(jobFaults(encode.replace(from, to)).join("\n")).toMatch(message);
});

test("as many pods are started as the command is told, and each does as it is told", async () => {
  const { completions, completionMode, template } = parse(encode).spec;
  const [command, ...args] = template.spec.containers[0].command;
  expect([command, completionMode, args]).toEqual([
    "kindred-encode",
    "Indexed",
    expect.arrayContaining([`--shard=auto/${completions}`]),
  ]);
  const output = args
    .find((/** @type {string} */ argument) => argument.startsWith("--output="))
    .slice("--output=".length);
  const joins = parse(merge).spec.template.spec;
  expect(joins.containers[0].command).toEqual(["kindred-encode", "merge", output]);
  expect(joins.volumes).toEqual(template.spec.volumes);
  // Here there is no /data: the command says so once it has understood all else.
  const told = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  expect([await main(args), await main(joins.containers[0].command.slice(1))]).toEqual([2, 2]);
  expect(told.mock.calls.map(([text]) => text)).toEqual([
    expect.stringMatching(/^--output: no such folder\. Got \/data/),
    expect.stringMatching(/^kindred-encode merge: no such folder\. Got \/data/),
  ]);
  told.mockRestore();
});
