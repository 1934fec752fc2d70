import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { readGoldenTensors, readJson, readJsonLines, sharedExists, sharedPath } from "../index.ts";

const folder = mkdtempSync(join(tmpdir(), "kindred-testing-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("reads every element type at any alignment", () => {
  const header = JSON.stringify({
    __metadata__: { made: "here" },
    flags: { dtype: "U8", shape: [1], data_offsets: [0, 1] },
    half: { dtype: "F32", shape: [1, 2], data_offsets: [1, 9] },
    long: { dtype: "I64", shape: [], data_offsets: [9, 17] },
    exact: { dtype: "F64", shape: [1], data_offsets: [17, 25] },
  });
  const data = Buffer.alloc(25);
  data.writeUInt8(7, 0);
  data.writeFloatLE(0.5, 1);
  data.writeFloatLE(-0, 5);
  data.writeBigInt64LE(-(2n ** 40n), 9);
  data.writeDoubleLE(Math.PI, 17);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const path = join(folder, "golden.safetensors");
  writeFileSync(path, Buffer.concat([length, Buffer.from(header), data]));

  const tensors = readGoldenTensors(path);
  expect([...tensors.keys()]).toEqual(["flags", "half", "long", "exact"]);
  expect(tensors.get("half")).toEqual({ dtype: "F32", shape: [1, 2], values: Float32Array.of(0.5, -0) });
  expect(tensors.get("long")?.values).toEqual(Float64Array.of(-(2 ** 40)));
  expect(tensors.get("exact")?.values).toEqual(Float64Array.of(Math.PI));
  expect(tensors.get("flags")?.values).toEqual(Uint8Array.of(7));
});

test("reads JSON and JSON lines, gzipped or not; U+2028 ends no line", () => {
  writeFileSync(join(folder, "a.json"), '{"a":[1]}');
  writeFileSync(join(folder, "b.jsonl.gz"), gzipSync('"x\u2028y"\n\n2\n'));
  expect(readJson(join(folder, "a.json"))).toEqual({ a: [1] });
  expect(readJsonLines(join(folder, "b.jsonl.gz"))).toEqual(["x\u2028y", 2]);
});

test("finds the golden files, beside the repository or in it", () => {
  expect(sharedPath("golden", "README.md")).toMatch(/golden.README\.md$/);
  expect(sharedExists("golden", "README.md")).toBe(true);
  expect(sharedExists("golden", "no such file")).toBe(false);
});
