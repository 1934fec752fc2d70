import { ConfigError } from "@kindred/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { expectRevision, parseModelId } from "./parse-model-id.ts";

test("takes an id apart at its first @", () => {
  expect(parseModelId("owner/name")).toEqual({ id: "owner/name", revision: undefined });
  expect(parseModelId("o/all-mpnet_base.v2@refs/pr/1")).toEqual({ id: "o/all-mpnet_base.v2", revision: "refs/pr/1" });
});

test("round-trips any id and revision that the rules allow", () => {
  const word = fc.stringMatching(/^[A-Za-z0-9_]{1,9}$/).filter((text) => text !== "git");
  const separator = fc.constantFrom("-", ".", ".-", "_");
  const name = fc
    .tuple(word, fc.array(fc.tuple(separator, word), { maxLength: 7 }))
    .map(([first, rest]) => first + rest.flat().join(""));
  const revision = fc
    .stringMatching(/^[A-Za-z0-9_+#é]{1,20}(?:[/.-][A-Za-z0-9_]{1,20})?$/)
    .filter((text) => !text.endsWith(".lock"));
  fc.assert(
    fc.property(name, name, revision, (owner, model, at) => {
      expect(parseModelId(`${owner}/${model}@${at}`)).toEqual({ id: `${owner}/${model}`, revision: at });
    }),
  );
});

test("an id that is accepted is two plain names, whatever the text: it can be the name of a folder", () => {
  const hostile = fc.string({ unit: fc.constantFrom("/", ".", "-", "a", "\\", "\0", "é", "@", "~", ":", " ", "git") });
  fc.assert(
    fc.property(hostile, (text) => {
      let id: string;
      try {
        ({ id } = parseModelId(text));
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
        return;
      }
      expect(id).toMatch(/^[\w.-]+\/[\w.-]+$/);
      expect(`models--${id.replace("/", "--")}`.split("--")).toHaveLength(3);
      expect(id).not.toMatch(/\.\./);
    }),
  );
});

test.each([
  "",
  "name",
  "a/b/c",
  "../b",
  "a/..",
  "a--b/c",
  "-a/b",
  "a/b.",
  "a/b.git",
  "é/b",
  `${"a".repeat(97)}/b`,
  "a/b\n",
])("refuses %j as an id", (text) => {
  expect(() => parseModelId(text)).toThrow(ConfigError);
});

test("an id without its owner gets the owner that sentence-transformers would have added", () => {
  expect(() => parseModelId("all-mpnet-base-v2")).toThrow(/sentence-transformers\/all-mpnet-base-v2\?/);
});

test.each([
  "",
  "..",
  "a/../b",
  "/a",
  "a/",
  "a//b",
  ".a",
  "a/.b",
  "a.lock",
  "a b",
  "a\\b",
  "a:b",
  "a\0",
  "a~1",
  "a^",
  "a@{1}",
  "@",
])("refuses %j as a revision", (revision) => {
  expect(() => expectRevision(revision)).toThrow(ConfigError);
  expect(() => parseModelId(`owner/name@${revision}`)).toThrow(ConfigError);
});
