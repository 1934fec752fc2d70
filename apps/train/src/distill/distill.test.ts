import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { saveModelFolder } from "@kindred/model-folder/node";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toySaved } from "../../../../packages/sentence-encoder/test-support/toy-model.ts";

// The command as a user types it: the committed bin, which runs what is built.
const bin = fileURLToPath(new URL("../../bin/kindred-train.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "kindred-distill-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const words = ["the", "cat", "dog", "sat", "on", "mat", "a", "b", "c"];
const sentence = (i: number) => `${words[i % 9]} ${words[(i >> 1) % 7]} ${words[(i * 5) % 8]} ${words[(i >> 3) % 9]}`;
const texts = [...new Set(Array.from({ length: 300 }, (_, i) => sentence(i)))];

beforeAll(async () => {
  await saveModelFolder(join(folder, "teacher"), toySaved());
  writeFileSync(join(folder, "a.txt"), `${texts.slice(0, 150).join("\n")}\n`);
  writeFileSync(join(folder, "one.txt"), `${texts[0]}\n`);
  const rows = texts.slice(140).map((text, i) => JSON.stringify(i % 2 === 0 ? text : [text]));
  writeFileSync(join(folder, "b.jsonl.gz"), gzipSync(rows.map((row) => `${row}\n`).join("")));
  const pairs = texts.slice(0, 60).map((text, i) => `${text}\t${texts[(i * 7) % 60]}\t${i % 5}`);
  writeFileSync(join(folder, "sts.tsv"), `first\tsecond\tscore\n${pairs.join("\n")}\n`);
});

type Event = { readonly type: string; readonly [key: string]: unknown };

/** Runs the command until it ends, or an event of this type has come; then it is stopped by the signal. */
function distill(args: readonly string[], stop?: { readonly at: string; readonly signal: "SIGKILL" | "SIGINT" }) {
  const child = spawn(process.execPath, [bin, "--own-node", "distill", ...args, "--json", "--quiet"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (bytes: Buffer) => {
    stdout += bytes.toString();
    if (stop !== undefined && stdout.includes(`{"type":"${stop.at}"`)) child.kill(stop.signal);
  });
  child.stderr.on("data", (bytes: Buffer) => {
    stderr += bytes.toString();
  });
  const eventOf = (line: string): Event[] => {
    try {
      return [JSON.parse(line) as Event];
    } catch {
      return []; // cut by the kill
    }
  };
  return new Promise<{ code: number | null; events: Event[]; stderr: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, events: stdout.split("\n").flatMap(eventOf), stderr })),
  );
}

const small =
  "--hidden-size 8 --num-hidden-layers 1 --num-attention-heads 2 --intermediate-size 16 --max-steps 120 --batch-size 32 --logging-steps 20 --eval-steps 0 --save-steps 30 --held-out-texts 40 --cores 1 --learning-rate 0.01 --score-weight 0.05 --words random";
const given = (output: string, ...more: string[]) => [
  ...["a.txt", "b.jsonl.gz", output, "--teacher", "teacher", "--eval-data", "sts.tsv"],
  ...[...small.split(" "), ...more],
];

const modelOf = (output: string) => readFileSync(join(folder, output, "run", "model", "model.safetensors"), "hex");

describe("the whole way", () => {
  test("from sentences to a model in the teacher's space, which finds the teacher's vectors; identical texts once", async () => {
    const { code, events, stderr } = await distill(given("small"));
    expect([code, stderr]).toEqual([0, ""]);
    const of = (type: string) => events.filter((event) => event.type === type);
    const [counts] = of("texts");
    expect(Number(counts?.["count"]) + Number(counts?.["heldOut"])).toBe(texts.length);
    expect(counts?.["repeated"]).toBe(10);
    expect(of("teacher").at(-1)).toMatchObject({ done: counts?.["count"], total: counts?.["count"] });
    expect(of("student")[0]).toMatchObject({ description: "MPNet, 1 layers of width 8, 2 heads, feed-forward 16" });
    expect(of("evaluation")[0]?.["teacher"]).toMatchObject({ sts_spearman_cosine: expect.any(Number) });
    expect(of("evaluation")[0]?.["metrics"]).toHaveProperty("held_out_accuracy@1");
    const losses = of("step").map(({ loss }) => Number(loss));
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 2);
    const model = join(folder, "small", "run", "model");
    const modules: { readonly type: string }[] = JSON.parse(readFileSync(join(model, "modules.json"), "utf8"));
    expect(modules.map(({ type }) => type.split(".").at(-1))).toEqual(["Transformer", "Pooling", "Dense", "Normalize"]);
    expect(readFileSync(join(model, "README.md"), "utf8")).toContain("Distilled from");
    await using student = await loadSentenceEncoder(model);
    await using teacher = await loadSentenceEncoder(join(folder, "teacher"));
    expect(student.dimension).toBe(teacher.dimension);
    const learnt = texts.slice(0, 50);
    const own = student.similarityPairwise(await student.encode(learnt), await teacher.encode(learnt));
    const others = student.similarityPairwise(
      await student.encode(learnt),
      await teacher.encode([...learnt].reverse()),
    );
    const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(own)).toBeGreaterThan(mean(others));
  });

  test("a later one over the same texts finds the vectors, whatever its student", async () => {
    const { code, events } = await distill([
      ...[
        "a.txt",
        "b.jsonl.gz",
        "layers",
        "--teacher",
        "teacher",
        "--layers",
        "1",
        "--max-steps",
        "2",
        "--batch-size",
        "16",
      ],
      ...["--held-out-texts", "40", "--cores", "1"],
    ]);
    expect(code).toBe(0);
    expect(events.filter(({ type }) => type === "teacher")).toHaveLength(1);
    expect(events.find(({ type }) => type === "student")).toMatchObject({
      description: "MPNet, 1 layers of width 12, 3 heads, feed-forward 20",
    });
    expect(readdirSync(join(folder, "teacher-vectors"))).toHaveLength(2); // of texts and of those held out
  });

  test("into fewer dimensions, with the teacher in the same space beside it", async () => {
    const { code, stderr } = await distill(given("pca", "--dimension", "5", "--words", "teacher"));
    expect([code, stderr]).toEqual([0, ""]);
    await using student = await loadSentenceEncoder(join(folder, "pca", "run", "model"));
    await using teacher = await loadSentenceEncoder(join(folder, "pca", "teacher"));
    await using whole = await loadSentenceEncoder(join(folder, "teacher"));
    expect([student.dimension, teacher.dimension]).toEqual([5, 5]);
    const [first, second] = [texts.slice(0, 40), texts.slice(40, 80)];
    const [kept, all] = await Promise.all(
      [teacher, whole].map(async (model) =>
        model.similarityPairwise(await model.encode(first), await model.encode(second)),
      ),
    );
    // Most of what the toy's 12 dimensions hold is in 5: cosines move by less than they differ among each other.
    const off = Math.max(...(kept ?? []).map((value, i) => Math.abs(value - (all?.[i] ?? 0))));
    expect(off).toBeLessThan(Math.max(...(all ?? [])) - Math.min(...(all ?? [])));
  });
});

test.each([
  ["the teacher's stage, by kill -9", { at: "texts", signal: "SIGKILL" }],
  ["the training before its first checkpoint, by kill -9", { at: "start", signal: "SIGKILL" }],
  ["the training, by kill -9", { at: "checkpoint", signal: "SIGKILL" }],
  ["the training, by Ctrl-C", { at: "step", signal: "SIGINT" }],
] as const)("stopped in %s it goes on, to the same model", async (_, stop) => {
  if (!existsSync(join(folder, "small", "run", "model"))) await distill(given("small"));
  const output = `stopped ${stop.at}`;
  const vectors = ["--vectors", `vectors ${stop.at}`];
  await distill(given(output, ...vectors), stop);
  const { code, stderr } = await distill(["--resume", output]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(modelOf(output)).toBe(modelOf("small"));
});

test.each([
  [["a.txt", "out"], "--teacher"],
  [["out", "--teacher", "teacher"], "too few arguments. Got out, expected TEXTS… and OUTPUT"],
  [["nowhere.txt", "out", "--teacher", "teacher", "--layers", "0"], "no such file"],
  [
    ["a.txt", "out", "--teacher", "teacher", "--layers", "0,7"],
    "no such layers of the teacher. Got 0,7, expected numbers from 0 to 1",
  ],
  [["a.txt", "out", "--teacher", "teacher", "--layers", "0", "--student", "x"], "the student is said twice"],
  [
    ["a.txt", "out", "--teacher", "teacher", "--dimension", "99"],
    "the teacher's vectors are shorter. Got dimension 99, expected at most 12",
  ],
  [
    ["a.txt", "out", "--teacher", "teacher", "--layers", "0", "--loss", "contrastive"],
    "the loss contrastive does not ask for the vectors",
  ],
  [["one.txt", "out", "--teacher", "teacher", "--layers", "0"], "there are too few texts. Got 1"],
  [["a.txt", "out", "--teacher", "teacher", "--data", "x"], "unknown option --data"],
  [["--resume", "nowhere"], "cannot be read as a distillation"],
])("refuses %j, and leaves no folder behind: %s", async (args, message) => {
  const { code, stderr } = await distill(args);
  expect(stderr).toContain(message);
  expect(code === 2 || code === 3).toBe(true);
  expect(existsSync(join(folder, "out"))).toBe(false);
});
