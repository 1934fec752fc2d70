import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openFileAtomic, writeFileAtomic } from "./index.ts";

let root: string;
let folder: string;
let path: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "kindred-files-"));
});
beforeEach(async () => {
  folder = await mkdtemp(join(root, "case-"));
  path = join(folder, "target");
});
afterAll(() => rm(root, { recursive: true }));

describe("writeFileAtomic", () => {
  test("writes bytes and text, over an old file too, and leaves nothing else", async () => {
    await writeFileAtomic(path, "ü");
    expect(await readFile(path)).toEqual(Buffer.from([0xc3, 0xbc]));
    await writeFileAtomic(path, Uint8Array.of(1, 2));
    expect([...(await readFile(path))]).toEqual([1, 2]);
    expect(await readdir(folder)).toEqual(["target"]);
  });

  test("leaves the old contents and no temporary file behind an error", async () => {
    await mkdir(path);
    await writeFile(join(path, "inside"), "");
    await expect(writeFileAtomic(path, "new")).rejects.toThrow();
    expect(await readdir(folder)).toEqual(["target"]);
    expect(await readdir(path)).toEqual(["inside"]);
    await expect(writeFileAtomic(join(folder, "missing", "file"), "")).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("of many writers at once one wins whole", async () => {
    const texts = Array.from({ length: 8 }, (_, i) => String(i).repeat(100_000));
    await Promise.all(texts.map((text) => writeFileAtomic(path, text)));
    expect(texts).toContain(await readFile(path, "utf8"));
    expect(await readdir(folder)).toEqual(["target"]);
  });
});

describe("openFileAtomic", () => {
  test("the path has its old contents until finish, then all that was written, in any pieces", async () => {
    const piece = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.uint8Array(),
      fc.integer({ min: 60_000, max: 140_000 }).map((length) => new Uint8Array(length).fill(7)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        await writeFile(path, "old");
        await using file = await openFileAtomic(path);
        for (const one of pieces) {
          const own = typeof one === "string" ? one : Uint8Array.from(one);
          await file.write(own);
          if (typeof own !== "string") own.fill(0); // the caller's to use again
        }
        expect(await readFile(path, "utf8")).toBe("old");
        await file.finish();
        expect(await readFile(path)).toEqual(Buffer.concat(pieces.map((one) => Buffer.from(one as string))));
      }),
      { numRuns: 25 },
    );
    expect(await readdir(folder)).toEqual(["target"]);
  });

  test("a header is put in its place when all else is there", async () => {
    const file = await openFileAtomic(path);
    await file.write("?? rows: ");
    await file.write("a, b");
    await file.writeAt(Buffer.from(" 2"), 0);
    await file.write(", c");
    await file.finish();
    expect(await readFile(path, "utf8")).toBe(" 2 rows: a, b, c");
  });

  test("abandoned, at once or after writing, a file is not there; finished, it stays", async () => {
    await (await openFileAtomic(path)).abandon();
    const file = await openFileAtomic(path);
    await file.write("text".repeat(50_000));
    await file.abandon();
    expect(await readdir(folder)).toEqual([]);
    await (async () => {
      await using whole = await openFileAtomic(path);
      await whole.write("text");
      await whole.finish();
    })();
    expect(await readFile(path, "utf8")).toBe("text");
  });
});
