import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { ConfigError, DataError } from "@kindred/errors";
import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { anyComments, type DumpedComment, inOrder, naiveRows } from "../../../test-support/reddit-dump.ts";
import type { RedditRow } from "../../reddit/thread-rows.ts";
import { trimComment } from "../../reddit/trim-comment.ts";
import { openDataset } from "../open-dataset.ts";
import { readDataConfig } from "../read-data-config.ts";
import { prepareReddit } from "./prepare-reddit.ts";
import { isTrainingThread } from "./thread-hash.ts";

const folder = mkdtempSync(join(tmpdir(), "kindred-reddit-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let made = 0;
const newFolder = () => join(folder, `${made++}`);

const jsonl = (comments: readonly object[]) => comments.map((comment) => `${JSON.stringify(comment)}\n`).join("");

function rowsIn(output: string, side: "train" | "test"): RedditRow[] {
  const files = readdirSync(output).filter((name) => name.startsWith(`reddit_${side}`));
  return files.flatMap((name) =>
    gunzipSync(readFileSync(join(output, name)))
      .toString()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as RedditRow),
  );
}

/** All files of a folder with their bytes. */
function contents(output: string): { readonly [name: string]: string } {
  return Object.fromEntries(
    readdirSync(output)
      .sort()
      .map((name) => [name, readFileSync(join(output, name)).toString("base64")]),
  );
}

test("the split is that of Python's hashlib: int(md5(id).hexdigest(), 16) % 4096 is 1633, 838, 2958", () => {
  for (const [id, residue] of [
    ["a", 1633],
    ["thread_id1", 838],
    ["5h6yvl", 2958],
  ] as const) {
    expect(isTrainingThread(id, (residue + 1) / 4096)).toBe(false);
    expect(isTrainingThread(id, (residue + 1.5) / 4096)).toBe(true);
  }
});

test("of any dump in any number of files and however little memory, the rows are those of walking up from every comment, split by thread", async () => {
  const limits = { maxLength: 20, minLength: 7, parentDepth: 3 };
  const cases = fc.record({
    comments: anyComments,
    cut: fc.nat(40),
    parts: fc.integer({ min: 1, max: 3 }),
    shards: fc.integer({ min: 1, max: 3 }),
    partMegabytes: fc.constantFrom(1, 0.004, 0.0015),
    junk: fc.nat(2),
  });
  const law = (naive: typeof naiveRows, endOnFailure = false) =>
    fc.assert(
      fc.asyncProperty(cases, async ({ comments, cut, parts, shards, partMegabytes, junk }) => {
        const [one, other, output] = [`${newFolder()}.jsonl`, `${newFolder()}.gz`, newFolder()];
        writeFileSync(one, `${jsonl(comments.slice(0, cut))}${"{]\n".repeat(junk)}\n`);
        writeFileSync(other, gzipSync(`${jsonl(comments.slice(cut))}{"id": "x"}\n`));
        const expected = naive(comments, limits, trimComment);
        const options = { ...limits, parts, partMegabytes, trainShards: shards, trainSplit: 0.5 };
        const prepared = prepareReddit([one, other], output, options).catch((error: unknown) => error);
        const report = await prepared;
        if (report instanceof DataError) return void expect(expected).toEqual([]);
        if (report instanceof Error) throw report;
        const { train, test, leftOut, lines, giantThreads } = report as Awaited<ReturnType<typeof prepareReddit>>;
        const giants = new Set(giantThreads);
        const kept = expected.filter(({ thread_id }) => !giants.has(thread_id));
        const isTrain = ({ thread_id }: RedditRow) => isTrainingThread(thread_id, 0.5);
        expect(inOrder(rowsIn(output, "train"))).toEqual(inOrder(kept.filter(isTrain)));
        expect(inOrder(rowsIn(output, "test"))).toEqual(inOrder(kept.filter((row) => !isTrain(row))));
        expect([train.rows, test.rows]).toEqual([rowsIn(output, "train").length, rowsIn(output, "test").length]);
        const left = Object.values(leftOut).reduce((sum, count) => sum + count, 0);
        expect(train.rows + test.rows + left).toBe(lines);
        expect(lines).toBe(comments.length + junk + 1);
        expect(leftOut).toMatchObject({ incomplete: 1, ...(junk > 0 && { notJson: junk }) });
        if (partMegabytes === 1) expect(giants.size).toBe(0);
      }),
      { numRuns: 15, endOnFailure },
    );
  await law(naiveRows);
  await expectMutantToFail(() => law((...args) => naiveRows(...args).slice(1), true));
}, 240_000);

/** A dump of some hundred threads in which most comments give rows. */
const manyComments = Array.from({ length: 6000 }, (_, i): DumpedComment => {
  const thread = (i * 7919) % 300;
  const parent = i < 300 ? `t3_t${thread}` : `t1_c${i - 300}`;
  return {
    id: `c${i}`,
    link_id: `t3_t${thread}`,
    parent_id: parent,
    body: `comment number ${i}`,
    author: "u",
    subreddit: "s",
  };
});
const dump = join(folder, "RC_2015-01.gz");
writeFileSync(dump, gzipSync(jsonl(manyComments)));

test("refuses rows that were made and have become shorter in the meantime, and writes no shard of what is missing", async () => {
  const output = newFolder();
  const preparing = prepareReddit([dump], output, {
    parts: 1,
    onProgress: ({ stage }) => {
      if (stage === "writing") truncateSync(join(output, ".work", "rows-0.gz"), 100);
    },
  });
  await expect(preparing).rejects.toThrow("prepareReddit: the rows that were made have become shorter.");
  expect(readdirSync(output)).toEqual([".work"]);
});

test("what it gives trains at once: the training files are in a data_config.json, weighted by their rows", async () => {
  const output = newFolder();
  const { train, test, lines } = await prepareReddit([dump], output, { trainShards: 3, parts: 5 });
  expect([lines, train.files.length, test.files.length]).toEqual([6000, 3, 1]);
  const entries = await readDataConfig(join(output, "data_config.json"));
  expect(entries.reduce((sum, { weight }) => sum + weight, 0)).toBe(train.rows);
  const { pass } = await firstRow(entries[0]?.name ?? "");
  expect(pass?.texts).toHaveLength(2);
});

async function firstRow(path: string) {
  for await (const pass of openDataset(path).rows()) return { pass };
  return { pass: undefined };
}

test("a thread that memory does not hold is left out, counted and named; what lies beside it in its part is not", async () => {
  const giant = Array.from(
    { length: 3000 },
    (_, i): DumpedComment => ({
      ...{ id: `g${i}`, link_id: "t3_giant", parent_id: `t1_g${i - 1}`, body: `number ${i} of a giant` },
      ...{ author: "u", subreddit: "s" },
    }),
  );
  const input = join(folder, "giant.jsonl");
  writeFileSync(input, jsonl([...giant, ...manyComments]));
  const options = { parts: 1, partMegabytes: 0.05 };
  const report = await prepareReddit([input], newFolder(), options);
  expect(report).toMatchObject({ giantThreads: ["giant"], leftOut: { giantThread: 3000 } });
  const without = await prepareReddit([dump], newFolder(), options);
  expect(report.train.rows + report.test.rows).toBe(without.train.rows + without.test.rows);
});

test("killed with -9 over and over, it goes on and gives the same bytes", async () => {
  const [whole, killed] = [newFolder(), newFolder()];
  await prepareReddit([dump], whole, { parts: 12, trainShards: 3, partMegabytes: 0.02 });
  const script = fileURLToPath(new URL("../../../test-support/prepare-and-say.mjs", import.meta.url));
  let kills = 0;
  for (let attempt = 0; ; attempt++) {
    const child = spawn(process.execPath, ["--conditions=@kindred/source", script, dump, killed], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const stopAfter = attempt * 3 + 1; // messages of progress
    let messages = 0;
    child.stdout.on("data", (bytes: Buffer) => {
      messages += bytes.toString().split("\n").length - 1;
      if (messages >= stopAfter) child.kill("SIGKILL");
    });
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
      child.on("close", (...ended) => resolve(ended)),
    );
    if (signal === "SIGKILL") kills++;
    else {
      expect(code).toBe(0);
      break;
    }
  }
  expect(kills).toBeGreaterThanOrEqual(3);
  expect(contents(killed)).toEqual(contents(whole));
  const again = await prepareReddit([dump], killed, { parts: 12, trainShards: 3, partMegabytes: 0.02 });
  expect(again.train.files).toHaveLength(3); // done is done
}, 240_000);

test("a signal stops it, and the same call goes on", async () => {
  const output = newFolder();
  const stop = new AbortController();
  const onProgress = ({ stage, done }: { stage: string; done: number }) => {
    if (stage === "grouping" && done === 3) stop.abort(new Error("stopped"));
  };
  await expect(prepareReddit([dump], output, { parts: 9, signal: stop.signal, onProgress })).rejects.toThrow("stopped");
  expect(readdirSync(output)).toEqual([".work"]);
  expect((await prepareReddit([dump], output, { parts: 9 })).lines).toBe(6000);
});

test("refuses what it cannot mean, and leaves what is there alone", async () => {
  const output = newFolder();
  const stop = AbortSignal.abort(new Error("stopped"));
  await expect(prepareReddit([dump], output, { parts: 4, signal: stop })).rejects.toThrow("stopped");
  const refused = (inputs: string[], to = newFolder(), options = {}) =>
    expect(prepareReddit(inputs, to, options)).rejects;
  await refused([]).toThrow("no input");
  await refused([dump, dump]).toThrow("is named twice");
  await refused([folder]).toThrow("this is a folder");
  await refused([join(folder, "none.zst")]).toThrow(DataError);
  const bz2 = join(folder, "RC.bz2");
  writeFileSync(bz2, "");
  await refused([bz2]).toThrow("zstd -o FILE.zst");
  await refused([dump], output, { minLength: 3 }).toThrow(/was begun with other inputs or options/);
  await refused([dump], folder).toThrow(/is not empty/);
  await refused([dump], dump).toThrow(ConfigError);
  const empty = join(folder, "empty.jsonl");
  writeFileSync(empty, '{"id": 3}\n');
  await refused([empty]).toThrow(/no line gives a row\. Got 1 lines: {"incomplete":1}/);
  const cut = join(folder, "cut.gz");
  writeFileSync(cut, readFileSync(dump).subarray(0, 5000));
  await refused([cut]).toThrow(/cut\.gz/);
  const done = newFolder();
  await prepareReddit([dump], done, { parts: 4 });
  await refused([dump], done, { trainShards: 2 }).toThrow(/was made of other inputs or by other options/);
});
