import { expect, test } from "vitest";
import { selectSentences } from "./embed-sentences.ts";

test("selecting sentences takes their ids, in the order asked for", () => {
  const batch = { ids: Int32Array.of(1, 2, 3, 4, 5, 6), starts: Int32Array.of(0, 1, 3, 6) };
  expect(selectSentences(batch, Int32Array.of(2, 0))).toEqual({
    ids: Int32Array.of(4, 5, 6, 1),
    starts: Int32Array.of(0, 3, 4),
  });
});
