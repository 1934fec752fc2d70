import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { modelFingerprint } from "./index.ts";

let root: string;
let model: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "kindred-fingerprint-"));
  model = join(root, "model");
  mkdirSync(join(model, "1_Pooling"), { recursive: true });
  const modules = [
    { idx: 0, name: "0", path: "", type: "sentence_transformers.models.Transformer" },
    { idx: 1, name: "1", path: "1_Pooling", type: "sentence_transformers.models.Pooling" },
  ];
  const files = {
    ...{
      "modules.json": JSON.stringify(modules),
      "config.json": "{}",
      "1_Pooling/config.json": "{}",
      "vocab.txt": "a\n",
    },
    "model.safetensors.index.json": JSON.stringify({ weight_map: { a: "one.safetensors", b: "two.safetensors" } }),
    ...{ "one.safetensors": "1", "two.safetensors": "2", "README.md": "", "notes.txt": "", "onnx.onnx": "" },
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(model, name), text);
});
afterAll(() => rmSync(root, { recursive: true }));

test("is the same for a copy and through a link, whatever its card and files of others say", async () => {
  const own = await modelFingerprint(model);
  expect(own).toMatch(/^[0-9a-f]{64}$/);
  const copy = join(root, "copy");
  cpSync(model, copy, { recursive: true });
  for (const name of ["README.md", "notes.txt", "onnx.onnx"]) appendFileSync(join(copy, name), "more");
  symlinkSync(copy, join(root, "link"));
  expect(await modelFingerprint(copy)).toBe(own);
  expect(await modelFingerprint(join(root, "link"))).toBe(own);
});

test.each([
  "modules.json",
  "config.json",
  "1_Pooling/config.json",
  "vocab.txt",
  "model.safetensors.index.json",
  "two.safetensors",
])("is another when %s is", async (name) => {
  const other = mkdtempSync(join(root, "other-"));
  cpSync(model, other, { recursive: true });
  appendFileSync(join(other, name), "\n");
  expect(await modelFingerprint(other)).not.toBe(await modelFingerprint(model));
});
