import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { readNpy, readSafetensors, toFloat32 } from "@kindred/tensor-files";
import { describePlugins } from "@kindred/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bin, commandIn, texts, toyFolder } from "../test-support/command-in.ts";
import { tokenize } from "./tokenize.ts";

let folder: string;
beforeAll(async () => {
  folder = await toyFolder();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const encode = (...args: string[]) => commandIn(folder, args);

const rowsOf = (jsonl: string) =>
  jsonl
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { text: string; embedding: number[] });

test("texts become rows on stdout; after -- all is text", () => {
  const { code, stdout, stderr } = encode("--model", "model", "--", "the cat", "--help");
  expect([code, stderr]).toEqual([0, ""]);
  expect(rowsOf(stdout).map(({ text }) => text)).toEqual(["the cat", "--help"]);
  for (const { embedding } of rowsOf(stdout)) expect(Math.hypot(...embedding)).toBeCloseTo(1, 6);
});

test("another backend gives the same vectors up to rounding", () => {
  const [ours] = rowsOf(encode("--model", "model", "the cat").stdout);
  const [plain] = rowsOf(encode("--model", "model", "the cat", "--backend", "cpu").stdout);
  for (const [i, number] of ours?.embedding.entries() ?? []) expect(plain?.embedding[i]).toBeCloseTo(number, 6);
});

describePlugins("XLA", ({ path }) => {
  test("a file becomes the same vectors up to rounding, and programs are kept for the next time", () => {
    const given = ["--model", "model", "--input", "texts.txt", "--output"];
    const cache = `programs of ${basename(path)}`;
    const onXla = ["--backend", "xla", "--plugin", path, "--compile-cache", cache, "--quiet"];
    expect(encode(...given, "wasm.npy", "--quiet").stderr).toBe("");
    expect(encode(...given, `xla of ${basename(path)}.npy`, ...onXla)).toMatchObject({ code: 0, stderr: "" });
    const kept = readdirSync(join(folder, cache));
    expect(kept.length).toBeGreaterThan(0);
    const [want, got] = ["wasm.npy", `xla of ${basename(path)}.npy`].map((name) =>
      toFloat32(readNpy(readFileSync(join(folder, name)))),
    );
    expect(got).toBeCloseToArray(want ?? [], { tolerance: 16 * 2 ** -24 }); // roundings of numbers below 1
    const { code, stdout } = encode(...given, `again of ${basename(path)}.npy`, ...onXla, "--json");
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; fromCache?: boolean });
    expect([code, new Set(events.map(({ type }) => type))]).toEqual([0, new Set(["compile", "start", "done"])]);
    expect(events.every(({ fromCache = true }) => fromCache)).toBe(true);
    expect(readdirSync(join(folder, cache))).toEqual(kept);
    expect(readFileSync(join(folder, `again of ${basename(path)}.npy`))).toEqual(
      readFileSync(join(folder, `xla of ${basename(path)}.npy`)),
    );
  });
});

test("--similarity prints the matrix, 1 on its diagonal, and the texts beside it", () => {
  const { stdout } = encode("--model", "model", "the cat", "a dog", "--similarity");
  const [head, first, second] = stdout.split("\n");
  expect(head!.trim().split(/\s+/)).toEqual(["1", "2"]);
  expect(first).toMatch(/^ {3}1 {3}1\.0000 +-?0\.\d{4} {3}the cat$/);
  expect(second).toMatch(/^ {3}2 +-?0\.\d{4} {3}1\.0000 {3}a dog$/);
  const json = JSON.parse(encode("--model", "model", "the cat", "a dog", "--similarity", "--json").stdout) as {
    similarity: number[][];
  };
  expect(json.similarity[0]![1]!.toFixed(4)).toBe(first!.trim().split(/\s+/)[2]);
});

test("a file becomes a file, the same vectors in each form, from .txt and from gzipped .jsonl, on one core and two", () => {
  for (const [input, output, ...more] of [
    ["texts.txt", "a.npy"],
    ["texts.txt", "a.jsonl", "--cores", "1"],
    ["rows.jsonl.gz", "a.safetensors", "--cores", "2", "--max-batch-tokens", "16"],
  ] as const) {
    const { code, stdout, stderr } = encode("--model", "model", "--input", input, "--output", output, ...more);
    expect([code, stdout, stderr.replace(/ in .*\n/, "")]).toEqual([0, "", "4 texts"]);
  }
  const npy = readNpy(readFileSync(join(folder, "a.npy")));
  expect(npy.shape).toEqual([4, 12]);
  const vectors = toFloat32(npy);
  const rows = rowsOf(readFileSync(join(folder, "a.jsonl"), "utf8"));
  expect(rows.map(({ text }) => text)).toEqual(texts);
  // sums in another order, as in the encoder's own tests; a text in another's place is off by some 0.1
  expect(rows.flatMap(({ embedding }) => embedding)).toBeCloseToArray(vectors, { tolerance: 1e-6 });
  const { tensors } = readSafetensors(readFileSync(join(folder, "a.safetensors")));
  expect(toFloat32(tensors.get("embeddings")!)).toBeCloseToArray(vectors, { tolerance: 1e-6 });
});

test("with --json, a file that is done is an event, whether its texts are a file's or the command line's", () => {
  const seconds: unknown = expect.any(Number);
  for (const [given, rows] of [
    [["--input", "texts.txt"], 4],
    [["the cat"], 1],
  ] as const) {
    const output = `events${rows}.npy`;
    const { code, stdout } = encode("--model", "model", ...given, "--output", output, "--json");
    const events = stdout.trim().split("\n");
    expect([code, events.map((event) => JSON.parse(event) as object)]).toEqual([
      0,
      [
        { type: "start", output, rows: 0 },
        { type: "done", output, rows, dimension: 12, truncated: 0, badRows: {}, seconds },
      ],
    ]);
  }
});

test("--max-length cuts, and how many texts were cut is said", () => {
  const { stderr, stdout } = encode("--model", "model", "the cat sat on the mat", "--max-length", "4");
  expect(stderr).toBe("1 of 1 texts were longer than the model's limit and lost their end.\n");
  const whole = rowsOf(encode("--model", "model", "the cat").stdout)[0]!.embedding;
  expect(rowsOf(stdout)[0]!.embedding).toBeCloseToArray(whole, { tolerance: 1e-6 });
});

test("a prompt by name is the prompt written out, and fewer numbers still have length 1", () => {
  const embedding = (...args: string[]) => rowsOf(encode("--model", "model", ...args).stdout)[0]!.embedding;
  // the toy has the prompt query: "find: "
  expect(embedding("the cat", "--prompt-name", "query")).toEqual(embedding("the cat", "--prompt", "find: "));
  expect(embedding("the cat", "--prompt-name", "query")).not.toEqual(embedding("the cat"));
  const short = embedding("the cat", "--truncate-dim", "5");
  expect([short.length, Math.hypot(...short).toFixed(6)]).toEqual([5, "1.000000"]);
  const { code, stderr } = encode(
    "--model",
    "model",
    "--input",
    "texts.txt",
    "--output",
    "short.npy",
    "--truncate-dim",
    "5",
  );
  expect([code, readNpy(readFileSync(join(folder, "short.npy"))).shape]).toEqual([0, [4, 5]]);
  expect(stderr).toMatch(/^warning: .* vectors of 5 numbers.*\n4 texts/); // once
  expect(encode("--model", "model", "x", "--prompt-name", "qurey").stderr).toMatch(/query/);
});

test("an empty prompt is none, where the model has one of its own", () => {
  const file = join(folder, "prompted", "config_sentence_transformers.json");
  cpSync(join(folder, "model"), join(folder, "prompted"), { recursive: true });
  writeFileSync(file, JSON.stringify({ prompts: { query: "the " }, default_prompt_name: "query" }));
  const embedding = (...args: string[]) => rowsOf(encode(...args, "cat").stdout)[0]!.embedding;
  expect(embedding("--model", "prompted")).toEqual(embedding("--model", "model", "--prompt", "the "));
  expect(embedding("--model", "prompted", "--prompt", "")).toEqual(embedding("--model", "model"));
});

test("tokenize shows ids, pieces and places, as a table and as rows, and needs nothing but a vocabulary", () => {
  mkdirSync(join(folder, "vocabulary"));
  copyFileSync(join(folder, "model", "vocab.txt"), join(folder, "vocabulary", "vocab.txt"));
  const table = encode("tokenize", "--model", "vocabulary", "the cats");
  expect([table.code, table.stderr]).toEqual([0, ""]);
  expect(table.stdout.split("\n").map((line) => line.trim())).toEqual([
    "the cats",
    "0  <s>",
    "4  the                0–3 “the”",
    "5  cat                4–7 “cat”",
    "11  ##s                7–8 “s”",
    "2  </s>",
    "5 tokens",
    "",
  ]);
  const row = encode("tokenize", "--model", "model", "--max-length", "3", "--json", "the cats").stdout;
  expect(JSON.parse(row)).toEqual({ ids: [0, 4, 2], offsets: [0, 0, 0, 3, 0, 0], truncated: true });
  const long = JSON.parse(encode("tokenize", "--model", "model", "--json", "the ".repeat(40)).stdout) as {
    ids: number[];
  };
  expect(long.ids.length).toBe(16); // the model's own limit, as texts are encoded
  expect(encode("tokenize", "--model", "vocabulary", "the ".repeat(40)).stdout).toMatch(/42 tokens$/m);
  expect(encode("tokenize", "--model", "vocabulary/vocab.txt", "the").stdout).toMatch(/3 tokens$/m);
  expect(encode("tokenize", "--model", "model", "--input", "rows.jsonl.gz", "--output", "tokens.jsonl").code).toBe(0);
  expect(readFileSync(join(folder, "tokens.jsonl"), "utf8").trim().split("\n")).toHaveLength(4);
  expect(encode("--model", "model", "tokenize").stdout).toContain('"text":"tokenize"'); // a subcommand only as the first argument
});

test("standard input is read, packed too, and its vectors go to standard output", () => {
  const command = [bin, "--own-node", "--model", "model", "--input", "-", "--quiet"];
  const packed = gzipSync(`${texts.join("\n")}\n`);
  const { status, stdout } = spawnSync(process.execPath, command, { cwd: folder, input: packed });
  const rows = rowsOf(stdout.toString());
  expect([status, rows.map(({ text }) => text)]).toEqual([0, texts]);
  const lines = texts.map((text) => JSON.stringify({ body: text })).join("\n");
  const given = ["--input-format", "jsonl", "--text-field", "body", "--no-texts"];
  const again = spawnSync(process.execPath, [...command, ...given], { cwd: folder, input: lines });
  expect(rowsOf(again.stdout.toString())).toEqual(rows.map(({ embedding }) => ({ embedding })));
});

test("Ctrl-C stops at once and says how to go on, and the same command does, to the same bytes", async () => {
  const lines = Array.from({ length: 40_000 }, (_, i) => `${texts[i % 2]} ${"cat ".repeat(i % 7)}${i}\n`);
  writeFileSync(join(folder, "many.txt"), lines.join(""));
  const given = ["--model", "model", "--input", "many.txt", "--cores", "2", "--output"];
  expect(encode(...given, "unbroken.npy").code).toBe(0);
  const command = [bin, "--own-node", ...given, "interrupted.npy"];
  const child = spawn(process.execPath, command, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (text) => (stderr += String(text)));
  const grown = join(folder, "interrupted.npy.part", "rows");
  const hasWindow = () => (statSync(grown, { throwIfNoEntry: false })?.size ?? 0) > 4096 * 12 * 4;
  while (child.exitCode === null && !hasWindow()) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill("SIGINT");
  const [code] = (await once(child, "close")) as [number];
  expect(code).toBe(130);
  expect(stderr).toMatch(
    /^Stopped: [\d,]+ rows are kept in interrupted\.npy\.part\. The same command goes on behind them\.\n$/,
  );
  expect(encode(...given, "interrupted.npy").stderr).toMatch(/^Going on behind [\d,]+ rows of interrupted\.npy\./);
  expect(readFileSync(join(folder, "interrupted.npy"))).toEqual(readFileSync(join(folder, "unbroken.npy")));
}, 180_000);

test("tokenize stops at a signal and leaves no file behind", async () => {
  const model = ["--model", join(folder, "model")];
  const given = [...model, "--input", join(folder, "texts.txt"), "--output", join(folder, "stopped.jsonl")];
  await expect(tokenize(given, AbortSignal.abort("SIGINT"))).rejects.toBe("SIGINT");
  expect(readdirSync(folder).filter((name) => name.includes("stopped"))).toEqual([]);
});

test("inspect says what a model is, for people and as JSON", () => {
  const { code, stdout, stderr } = encode("inspect", "model");
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("MPNet, 2 layers of width 12, 3 heads, feed-forward 20");
  expect(stdout).toContain("Pooling: mean\n");
  expect(stdout).toContain("16 tokens are read, of 32 that the model has positions for");
  expect(stdout).toMatch(/weights +[\d,]+ parameters, .* F32 \d+, in model\.safetensors/);
  expect((JSON.parse(encode("inspect", "model", "--json").stdout) as { dimension: number }).dimension).toBe(12);
  expect(stdout).not.toContain("cut to");
  cpSync(join(folder, "model"), join(folder, "matryoshka"), { recursive: true });
  const config = JSON.parse(readFileSync(join(folder, "model", "config.json"), "utf8")) as object;
  writeFileSync(
    join(folder, "matryoshka", "config.json"),
    JSON.stringify({ ...config, matryoshka_dimensions: [8, 4] }),
  );
  expect(encode("inspect", "matryoshka").stdout).toMatch(/cut to +8, 4 numbers\n/);
  expect(JSON.parse(encode("inspect", "matryoshka", "--json").stdout)).toMatchObject({
    settings: { matryoshkaDimensions: [8, 4] },
  });
  expect(encode("--model", "matryoshka", "cat", "--truncate-dim", "8").stderr).toBe("");
  expect(encode("--model", "matryoshka", "cat", "--truncate-dim", "5")).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^warning: .* vectors of 5 numbers: .*names 8, 4\./) as string,
  });
  expect(encode("inspect").stderr).toMatch(/expected one FOLDER/);
  expect(encode("inspect", "nowhere")).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/nowhere: no such folder/) as string,
  });
});
