import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { sharedPath } from "@kindred/testing";
import { afterAll, expect, test, vi } from "vitest";
import { main } from "./main.ts";

const folder = await mkdtemp(join(tmpdir(), "distill-static-"));
afterAll(() => rm(folder, { recursive: true }));
const teacher = sharedPath("golden", "families", "bert", "model");

test("makes a folder whose vectors have the length that was asked for", async () => {
  const output = join(folder, "static");
  const written = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const code = await main(["distill-static", teacher, output, "--dimension", "6", "--cores", "1", "--quiet", "--json"]);
  const [[line] = [""]] = written.mock.calls;
  written.mockRestore();
  expect(code).toBe(0);
  const { tokens, dimension, share } = JSON.parse(String(line));
  expect([tokens > 200, dimension, share > 0 && share < 1]).toEqual([true, 6, true]);
  expect((await readdir(output)).sort()).toEqual([
    "0_StaticEmbedding",
    "config_sentence_transformers.json",
    "modules.json",
  ]);
  await using encoder = await loadSentenceEncoder(output, { cores: 0 });
  const { embeddings } = await encoder.encode(["the game", ""]);
  expect(Math.hypot(...embeddings.subarray(0, 6))).toBeCloseTo(1, 6);
  expect([...embeddings.subarray(6)]).toEqual([0, 0, 0, 0, 0, 0]);
});

test.each([
  [["distill-static", teacher], "expected TEACHER and OUTPUT"],
  [["distill-static", teacher, "out", "--sif-coefficient", "1"], "sif-coefficient"],
  [["distill-static", teacher, "out", "--dimension", "999", "--quiet"], "too many features"],
])("refuses %j", async (argv, message) => {
  const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const code = await main(argv);
  const text = written.mock.calls.map(([chunk]) => String(chunk)).join("");
  written.mockRestore();
  expect(code).toBe(2);
  expect(text).toContain(message);
});
