import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { anyComments, inOrder, naiveRows } from "../../test-support/reddit-dump.ts";
import { type RedditComment, redditComment } from "./reddit-comment.ts";
import { type NoRow, threadRows } from "./thread-rows.ts";
import { trimComment } from "./trim-comment.ts";

const said = { threadId: "t", isTrimmed: false, author: "a", subreddit: "s" };

test("of a chain of twelve, the last has its parent and nine comments before it", () => {
  const chain = Array.from({ length: 12 }, (_, i) => ({
    ...said,
    id: `${i}`,
    parentId: `${i - 1}`,
    body: `comment ${i}.`,
  }));
  const rows = [...threadRows(chain)].map((response) => response.row());
  expect(rows).toHaveLength(11);
  const last = rows.at(-1);
  expect(last).toMatchObject({
    context: "comment 10.",
    response: "comment 11.",
    "context/0": "comment 9.",
    "context/8": "comment 1.",
  });
  expect(last).not.toHaveProperty("context/9");
});

test.each<[name: string, parent: Partial<RedditComment>, own: Partial<RedditComment>, reason: NoRow]>([
  ["a response that was trimmed", {}, { isTrimmed: true }, "tooLong"],
  ["a response of 8 characters", {}, { body: "12345678" }, "tooShort"],
  ["a deleted response", {}, { body: "[deleted]" }, "deleted"],
  ["a parent that was trimmed", { isTrimmed: true }, {}, "parentTooLong"],
  ["a removed parent", { body: "[removed]" }, {}, "parentDeleted"],
  ["a parent of 8 emojis, which are 16 units", { body: "😀".repeat(8) }, {}, "parentTooShort"],
])("%s gives no row", (_, parent, own, reason) => {
  const thread = [
    { ...said, id: "1", parentId: "t", body: "123456789", ...parent },
    { ...said, id: "2", parentId: "1", body: "123456789", ...own },
  ];
  const reasons: NoRow[] = [];
  expect([...threadRows(thread, {}, (why) => reasons.push(why))]).toEqual([]);
  expect(reasons).toEqual(["withoutParent", reason]);
});

test("what is trimmed or deleted is no reason against a row where it is only an earlier context", () => {
  const thread = [
    { ...said, id: "1", parentId: "t", body: "[deleted]" },
    { ...said, id: "2", parentId: "1", body: "a question?" },
    { ...said, id: "3", parentId: "2", body: "an answer." },
  ];
  expect([...threadRows(thread)].map((response) => response.row()["context/0"])).toEqual(["[deleted]"]);
});

test("rows are those that walking up from every comment gives, and every comment is a row or left out for one reason", () => {
  const law = (parentDepth: number, depthMeant = parentDepth) =>
    fc.assert(
      fc.property(anyComments, (comments) => {
        const limits = { maxLength: 20, minLength: 7, parentDepth: depthMeant };
        const threads = new Map<string, RedditComment[]>();
        for (const comment of comments) {
          const read = redditComment(comment, limits);
          if (read === undefined) throw new Error("all are whole");
          threads.set(read.threadId, [...(threads.get(read.threadId) ?? []), read]);
        }
        let leftOut = 0;
        const rows = [...threads.values()].flatMap((thread) => [
          ...threadRows(thread, { minLength: 7, parentDepth }, () => leftOut++),
        ]);
        expect(inOrder(rows.map((response) => response.row()))).toEqual(
          inOrder(naiveRows(comments, limits, trimComment)),
        );
        expect(rows.length + leftOut).toBe(comments.length);
      }),
      { numRuns: 300 },
    );
  law(10);
  law(2);
  law(1);
  expectMutantToFail(() => law(3, 2));
});

test("a comment without a text, a thread or an author is none; a number is a parent to base 36, null the thread itself", () => {
  const line = { id: "c1", link_id: "t3_a", parent_id: "t1_b", body: "Hello", author: "x", subreddit: "y" };
  const read = (change: object) => redditComment({ ...line, ...change }, { maxLength: 9 });
  for (const name of Object.keys(line)) expect(read({ [name]: undefined })).toBe(undefined);
  for (const value of [null, 7, "text", []]) expect(redditComment(value, { maxLength: 9 })).toBe(undefined);
  expect(read({})).toMatchObject({ threadId: "a", parentId: "b" });
  expect(read({ parent_id: 35 * 36 + 1 })).toMatchObject({ parentId: "z1" });
  expect(read({ parent_id: null })).toMatchObject({ parentId: "a" });
});
