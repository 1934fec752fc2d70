import { win32 } from "node:path";
import { posix } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { HubError } from "./hub-error.ts";
import { modelFile } from "./model-file.ts";

const oid = "0123456789".repeat(4);
const sha = "ab".repeat(32);
const entry = { type: "file", path: "1_Pooling/config.json", size: 190, oid };

test("a small file is known by git's digest, a large one by its SHA-256 and its own size", () => {
  expect(modelFile(entry)).toEqual({ path: entry.path, bytes: 190, digest: { algorithm: "git-sha1", hex: oid } });
  expect(modelFile({ ...entry, size: 134, lfs: { oid: sha, size: 438e6, pointerSize: 134 } })).toEqual({
    path: entry.path,
    bytes: 438e6,
    digest: { algorithm: "sha256", hex: sha },
  });
  expect(modelFile({ type: "directory", path: "onnx", oid, size: 0 })).toBeUndefined();
});

test("a path that is accepted stays below the folder that it is joined to, on POSIX systems and on Windows", () => {
  const unit = fc.constantFrom("..", ".", "/", "\\", "C:", "c:", "a", "é", "\0", "\n", "~", "//");
  fc.assert(
    fc.property(fc.string({ unit }), (path) => {
      try {
        if (modelFile({ ...entry, path }) === undefined) return;
      } catch (error) {
        expect(error).toBeInstanceOf(HubError);
        return;
      }
      expect(posix.resolve("/models", path)).toBe(`/models/${path}`);
      expect(win32.resolve("D:\\root", path)).toBe(win32.join("D:\\root", path));
      expect(win32.resolve("D:\\root", path)).toMatch(/^D:\\root\\./);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ["an upward path", { ...entry, path: "../../.ssh/authorized_keys" }],
  ["an upward folder", { type: "directory", path: "..", oid, size: 0 }],
  ["an absolute path", { ...entry, path: "/etc/passwd" }],
  ["a drive", { ...entry, path: "C:/Windows/x" }],
  ["a share", { ...entry, path: "\\\\host\\share" }],
  ["no path", { ...entry, path: 7 }],
  ["a size that no file has", { ...entry, size: 1e15 }],
  ["a negative size", { ...entry, size: -1 }],
  ["a broken size", { ...entry, size: 1.5 }],
  ["no size", { ...entry, size: undefined }],
  ["a digest that leads elsewhere", { ...entry, oid: "../../../x" }],
  ["a large file without its digest", { ...entry, lfs: { size: 3 } }],
  ["an unknown type", { ...entry, type: "link" }],
  ["no object", "config.json"],
  ["null", null],
])("refuses %s", (_, hostile) => {
  expect(() => modelFile(hostile)).toThrow(expect.objectContaining({ reason: "listing", exitCode: 3 }));
});
