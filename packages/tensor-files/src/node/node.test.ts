import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, FormatError, ShapeError } from "@kindred/errors";
import { arbitraryFloat32Array } from "@kindred/testing";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { fromFloat32, readNpy, toFloat32, writeNpy, writeSafetensors } from "../index.ts";
import { npyRowsWriter, openSafetensors } from "./index.ts";

let root: string;
let folder: string;
let path: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tensor-files-"));
});
beforeEach(async () => {
  folder = await mkdtemp(join(root, "case-"));
  path = join(folder, "target");
});
afterAll(() => rm(root, { recursive: true }));

describe("openSafetensors", () => {
  const bytes = writeSafetensors(
    [
      ["weight", fromFloat32([1, 2, 3, 4], [2, 2])],
      ["bias", fromFloat32([5], [1], "F16")],
    ],
    { metadata: { format: "pt" } },
  );

  test("gives the header at once and tensors by name, in any order", async () => {
    await writeFile(path, bytes);
    await using file = await openSafetensors(path);
    expect(file.metadata["format"]).toBe("pt");
    expect(file.tensors.get("bias")).toEqual({ dtype: "F16", shape: [1], byteLength: 2 });
    expect([...toFloat32(await file.read("bias"))]).toEqual([5]);
    const [a, b] = await Promise.all([file.read("weight"), file.read("weight")]);
    expect([...toFloat32(a!)]).toEqual([1, 2, 3, 4]);
    expect(b).toEqual(a);
  });

  test("names the nearest tensor for a name that is not there", async () => {
    await writeFile(path, bytes);
    await using file = await openSafetensors(path);
    await expect(file.read("wieght")).rejects.toThrow(/did you mean "weight"/);
    await expect(file.read("__proto__")).rejects.toThrow(ConfigError);
  });

  test("refuses a file that is cut off, when opened or later", async () => {
    await writeFile(path, bytes);
    await using file = await openSafetensors(path);
    await truncate(path, bytes.length - 1);
    await expect(file.read("bias")).rejects.toThrow(FormatError);
    await expect(openSafetensors(path)).rejects.toThrow(FormatError);
    await truncate(path, 0);
    await expect(openSafetensors(path)).rejects.toThrow(FormatError);
  });

  test("may be closed twice", async () => {
    await writeFile(path, bytes);
    const file = await openSafetensors(path);
    await file.close();
    await file.close();
    await expect(file.read("bias")).rejects.toThrow();
  });
});

describe("npyRowsWriter", () => {
  test("gives the file that writing all rows at once gives, however they are batched", async () => {
    const batches = fc.array(arbitraryFloat32Array({ special: true, maxLength: 6 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(batches, fc.constantFrom(1, 2, 3), async (numbers, columns) => {
        const whole = numbers.map((batch) => batch.subarray(0, batch.length - (batch.length % columns)));
        const writer = await npyRowsWriter(path, columns);
        for (const batch of whole) await writer.write(batch);
        await writer.close();
        const all = new Uint8Array(
          Buffer.concat(whole.map((b) => new Uint8Array(b.buffer, b.byteOffset, b.byteLength))),
        );
        const read = readNpy(await readFile(path));
        expect(read.shape).toEqual([all.length / 4 / columns, columns]);
        expect(new Uint8Array(read.bytes)).toEqual(all);
      }),
      { numRuns: 25 },
    );
    expect(await readdir(folder)).toEqual(["target"]);
  });

  test("is byte for byte the file of writeNpy", async () => {
    const writer = await npyRowsWriter(path, 2);
    await writer.write(Float32Array.of(1, 2, 3, 4));
    await writer.close();
    expect(new Uint8Array(await readFile(path))).toEqual(writeNpy(fromFloat32([1, 2, 3, 4], [2, 2])));
  });

  test("leaves nothing unless it is closed, and an old file as it was", async () => {
    await writeFile(path, "old");
    await (async () => {
      await using writer = await npyRowsWriter(path, 2);
      await writer.write(Float32Array.of(1, 2));
    })();
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["target"]);
  });

  test("refuses half a row, and rows of nothing", async () => {
    await using writer = await npyRowsWriter(path, 2);
    await expect(writer.write(Float32Array.of(1, 2, 3))).rejects.toThrow(ShapeError);
    await expect(npyRowsWriter(path, 0)).rejects.toThrow(ConfigError);
  });
});
