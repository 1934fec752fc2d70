import { ConfigError } from "@kindred/errors";
import { sum } from "@kindred/nn";
import { expect, test } from "vitest";
import { expectLoss, type Loss, matryoshka } from "./index.ts";

const sums: Loss = { name: "sums", options: {}, over: "batch", value: ([a]) => sum(a!) };

test("a loss is given back as it is, wrapped or not, with all that it may have and the writer's own keys", () => {
  const all: Loss = {
    ...sums,
    over: "rows",
    needs: { texts: { least: 1, most: 3 }, scores: "candidate", labels: true, textIds: true, vectors: ["guide"] },
    parameters: [{ name: "projection", shape: [3, 2], kind: "matrix" }],
  };
  const own = { ...sums, note: "mine" };
  for (const loss of [sums, all, own, matryoshka(sums, [2])]) expect(expectLoss(loss, "here")).toBe(loss);
});

test.each<readonly [unknown, string]>([
  [3, "the loss of my.mjs is none: it does not fit. Got 3, expected Object"],
  [() => sums, "it does not fit. Got Function"],
  [{ ...sums, name: undefined }, "name is missing. Got undefined"],
  [{ ...sums, name: "" }, "name does not fit. Got 0, expected !0"],
  [{ ...sums, options: undefined }, "options is missing"],
  [{ ...sums, over: "all" }, 'over does not fit. Got "all", expected ("batch" | "rows")'],
  [{ ...sums, value: 3 }, "value does not fit. Got 3, expected Function"],
  [{ ...sums, needs: { score: "row" } }, "needs.score does not fit"],
  [
    { ...sums, needs: { scores: true } },
    'needs.scores does not fit. Got true, expected ("row" | "candidate" | "margin")',
  ],
  [{ ...sums, needs: { texts: { least: 0 } } }, "needs.texts.least does not fit. Got 0, expected >=1"],
  [{ ...sums, parameters: [{ name: "p", shape: [2], kind: "weight" }] }, "parameters.0.kind does not fit"],
])("%# is refused, naming the part", (value, message) => {
  expect(() => expectLoss(value, "my.mjs")).toThrow(ConfigError);
  expect(() => expectLoss(value, "my.mjs")).toThrow(message);
});
