import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, FormatError } from "@kindred/errors";
import { floatsFromSeed } from "@kindred/testing";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fromFloat32, writeNpy, writeSafetensors } from "../index.ts";
import { openArray } from "./open-array.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kindred-array-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("any rows of an array are those that were written, in both forms", async () => {
  const [npy, safe] = [join(folder, "a.npy"), join(folder, "a.safetensors")];
  const shapes = fc.record({ rows: fc.nat(9), sizes: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }) });
  await fc.assert(
    fc.asyncProperty(shapes, fc.nat(9), fc.nat(9), async ({ rows, sizes }, a, b) => {
      const size = sizes.reduce((product, length) => product * length, 1);
      const numbers = floatsFromSeed(1, rows * size);
      const array = fromFloat32(numbers, [rows, ...sizes]);
      writeFileSync(npy, writeNpy(array));
      writeFileSync(
        safe,
        writeSafetensors([
          ["before", fromFloat32([7], [1])],
          ["rows", array],
        ]),
      );
      const [first, end] = [Math.min(a, b, rows), Math.min(Math.max(a, b), rows)];
      for (const path of [npy, safe]) {
        await using open = await openArray(path, { tensor: "rows" });
        expect([open.dtype, open.shape]).toEqual(["F32", [rows, ...sizes]]);
        const read = new Float32Array((await open.read(first, end - first)).buffer);
        expect(read).toEqual(numbers.slice(first * size, end * size));
      }
    }),
    { numRuns: 40 },
  );
});

test("refuses what has no rows, another order, a tensor that is not there, and data that do not fit", async () => {
  const path = join(folder, "b.npy");
  const bytes = writeNpy(fromFloat32([1, 2, 3, 4], [2, 2]));
  const text = Buffer.from(bytes).toString("latin1");
  for (const [is, problem] of [
    [writeNpy(fromFloat32([1], [])), /an array without rows.*Got F32 \(\)/],
    [Buffer.from(text.replace("<f4", ">f4"), "latin1"), /row by row\. Got '>f4', expected little-endian/],
    [Buffer.from(text.replace("False", "True "), "latin1"), /Got '<f4' in Fortran's order/],
    [Buffer.from(text.replace("<f4", "<U4"), "latin1"), /Got '<U4'/],
    [bytes.subarray(0, -1), /Got 15 bytes for F32 \(2, 2\), expected 16.*cut off/],
  ] as const) {
    writeFileSync(path, is);
    await expect(openArray(path)).rejects.toThrow(FormatError);
    await expect(openArray(path)).rejects.toThrow(problem);
  }
  writeFileSync(join(folder, "b.safetensors"), writeSafetensors([["rows", fromFloat32([1], [1])]]));
  const other = openArray(join(folder, "b.safetensors"), { tensor: "row" });
  await expect(other).rejects.toThrow(ConfigError);
  await expect(other).rejects.toThrow(/openArray: .*no such tensor.*did you mean "rows"/);
  await expect(openArray(join(folder, "nowhere.npy"))).rejects.toThrow(/nowhere\.npy: the file is missing/);
});
