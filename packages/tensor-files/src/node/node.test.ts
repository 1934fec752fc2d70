import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, FormatError } from "@kindred/errors";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { fromFloat32, toFloat32, writeSafetensors } from "../index.ts";
import { openSafetensors } from "./index.ts";

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

  test("gives a tensor piece by piece in a buffer of any multiple of 8 bytes", async () => {
    const values = Array.from({ length: 37 }, (_, i) => i / 8);
    for (const dtype of ["F64", "F32", "F16"] as const) {
      await writeFile(
        path,
        writeSafetensors([
          ["a", fromFloat32([1], [1])],
          ["b", fromFloat32(values, [37, 1], dtype)],
        ]),
      );
      await using file = await openSafetensors(path);
      for (const size of [8, 40, 1024]) {
        const [buffer, read] = [new Uint8Array(size), [] as number[]];
        for await (const piece of file.pieces("b", buffer)) {
          expect(piece.bytes.buffer).toBe(buffer.buffer);
          read.push(...toFloat32(piece));
        }
        expect(read).toEqual(values);
      }
      await expect(file.pieces("c", new Uint8Array(8)).next()).rejects.toThrow(ConfigError);
    }
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
