import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { sharedExists, sharedPath } from "@kindred/testing";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { main } from "./main.ts";

const folder = mkdtempSync(join(tmpdir(), "kindred-prepare-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

/** What the command writes on a stream. */
function watch(stream: "stdout" | "stderr"): () => string {
  const written = vi.spyOn(process[stream], "write").mockReturnValue(true);
  return () => written.mock.calls.map(([text]) => String(text)).join("");
}

// Forty threads of a question and three answers, one of them too short.
const comments = Array.from({ length: 160 }, (_, i) => {
  const thread = i % 40;
  const body = i >= 120 ? "Yes." : `What number ${i} is: a comment`;
  const parent = i < 40 ? `t3_t${thread}` : `t1_c${thread}`;
  return { id: `c${i}`, link_id: `t3_t${thread}`, parent_id: parent, body, author: "a", subreddit: "s", score: 1 };
});
const text = comments.map((comment) => `${JSON.stringify(comment)}\n`).join("");
const pack: unknown = Reflect.get(zlib, "zstdCompressSync"); // Node 20 has none
const dump = join(folder, typeof pack === "function" ? "RC_2015-01.zst" : "RC_2015-01.gz");
writeFileSync(dump, typeof pack === "function" ? pack(text) : zlib.gzipSync(text));

test("makes files of a dump, says what became of every line, and the rows train at once", async () => {
  const output = join(folder, "reddit");
  const [people, machine] = [watch("stderr"), watch("stdout")];
  const options = ["--parts", "3", "--train-shards", "1", "--json"];
  expect(await main(["prepare", "reddit", dump, output, ...options])).toBe(0);
  const report = JSON.parse(machine());
  expect(report).toMatchObject({ lines: 160, leftOut: { withoutParent: 40, tooShort: 40 } });
  expect(report.train.rows + report.test.rows).toBe(80);
  expect(people()).toContain("160 comments: ");
  expect(people()).toContain("  40 are too short\n");
  expect(people()).toContain(`Train on them: kindred-train ${output}/data_config.json`);
  vi.restoreAllMocks();
  expect(await main(["prepare", "reddit", dump, output, "--parts", "3", "--train_shards", "1", "--quiet"])).toBe(0); // done is done
  if (!sharedExists("golden", "mpnet-tiny", "model")) return;
  const run = [join(output, "data_config.json"), join(folder, "run"), "--preset", "reddit-mpnet-base", "--cores", "1"];
  const small = [
    "--model",
    sharedPath("golden", "mpnet-tiny", "model"),
    "--batch-size",
    "4",
    "--duplicate-scope",
    "batch",
  ];
  expect(await main([...run, ...small, "--max-steps", "2", "--stop-at", "2", "--quiet"])).toBe(0);
  const [first] = readFileSync(join(folder, "run", "events.jsonl"), "utf8").split("\n");
  expect(first).toContain('"clipping":"xla-exact"');
}, 120_000);

test.each([
  [["prepare"], /no such corpus\. Got none, expected reddit/],
  [["prepare", "redit", dump, "x"], /Did you mean reddit\?/],
  [["prepare", "reddit", join(folder, "x")], /expected DUMP… OUTPUT/],
  [["prepare", "reddit", dump, join(folder, "x"), "--train-split", "2"], /bad value for --train-split/],
])("refuses %j", async (args, message) => {
  const said = watch("stderr");
  expect(await main(args)).toBe(2);
  expect(said()).toMatch(message);
  expect(existsSync(join(folder, "x"))).toBe(false);
});
