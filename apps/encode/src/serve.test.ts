import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { saveModelFolder } from "@kindred/model-folder/node";
import { sharedExists, sharedPath } from "@kindred/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toySaved } from "../../../packages/sentence-encoder/test-support/toy-model.ts";
import { serve } from "./serve.ts";

const bin = fileURLToPath(new URL("../bin/kindred-encode.mjs", import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kindred-serve-"));
  await saveModelFolder(join(folder, "model"), toySaved());
  writeFileSync(join(folder, "keys"), "a key that is long enough\n\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("serves models by name to who has a key, and stops at SIGTERM with what was begun answered", async () => {
  const ranks = ["golden", "cross-encoders", "distilbert", "model"];
  const rerankers = sharedExists(...ranks) ? ["--reranker", `ranks=${sharedPath(...ranks)}`] : [];
  const models = ["--model", "one=model", "--model", "two=model", ...rerankers];
  const args = [
    bin,
    "serve",
    "--own-node",
    ...models,
    "--port",
    "0",
    "--cores",
    "1",
    "--api-key-file",
    "keys",
    "--json",
  ];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const listening = JSON.parse((await lines.next()).value as string) as { url: string };
  expect(listening).toMatchObject({ type: "listening", models: ["one", "two"] });
  const ask = async (texts: readonly string[], key: string) => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
    const body = JSON.stringify({ input: texts, model: "two" });
    return fetch(`${listening.url}/v1/embeddings`, { method: "POST", headers, body });
  };
  expect((await ask(["the cat"], "a key that nobody has")).status).toBe(401);
  expect(await (await ask(["the cat"], "a key that is long enough")).json()).toMatchObject({ model: "two" });
  if (rerankers.length > 0) {
    const headers = { "content-type": "application/json", authorization: "Bearer a key that is long enough" };
    const body = JSON.stringify({ query: "the game", texts: ["a", "the best game"] });
    const ranked = await fetch(`${listening.url}/rerank`, { method: "POST", headers, body });
    expect((await ranked.json()) as object[]).toHaveLength(2);
  }
  const begun = ask(Array<string>(2000).fill("the cat sat on the mat ."), "a key that is long enough");
  const inWork = async () => /^te_request_in_work 1$/m.test(await (await fetch(`${listening.url}/metrics`)).text());
  while (!(await inWork()));
  child.kill("SIGTERM");
  const answer = (await (await begun).json()) as { data: object[] };
  expect(answer.data.length).toBe(2000);
  expect(JSON.parse((await lines.next()).value as string)).toEqual({ type: "stopped" });
  expect(await once(child, "exit")).toEqual([143, null]);
}, 60_000);

test.each<[string, string[], RegExp]>([
  ["no model", [], /--model is missing/],
  ["a text", ["--model", "m", "text"], /unknown argument\. Got text/],
  ["an unknown flag", ["--model", "m", "--max-batch-token", "5"], /Did you mean --max-batch-tokens\?/],
  ["a port that there is not", ["--model", "m", "--port", "70000"], /--port/],
  ["two models of one name", ["--model", "a=x", "--model", "a=y"], /two models are called a.*--model NAME=y/],
  [
    "keys that can be guessed",
    ["--model", "m", "--api-key-file", "short"],
    /key is too short\. Got 6 letters in line 2 of/,
  ],
  ["a file of no keys", ["--model", "m", "--api-key-file", "none"], /--api-key-file: no key/],
])("refuses %s", async (_, args, message) => {
  writeFileSync(join(folder, "short"), "a key that is long enough\nsecret\n");
  writeFileSync(join(folder, "none"), "\n");
  const given = args.map((arg) => (["short", "none"].includes(arg) ? join(folder, arg) : arg));
  await expect(serve([...given, "--backend", "cpu"], new AbortController().signal)).rejects.toThrow(message);
});
