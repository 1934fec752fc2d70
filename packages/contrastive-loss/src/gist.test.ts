import { ConfigError } from "@kindred/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Batch,
  cosineOf,
  type DrawnLoss,
  logSumExpOf,
  lossLaws,
  meanOf,
} from "../../loss/test-support/loss-laws.ts";
import { type GistOptions, gist } from "./index.ts";

type Choice = Required<GistOptions>;

/** A candidate of row i: its column and row, and the column of the text that looks. */
type Seen = { readonly seeker: number; readonly column: number; readonly row: number };

const drawn = (options: Choice, change: Partial<Choice> = {}): DrawnLoss => ({
  loss: gist(options),
  reference: (batch) => {
    const { scale, margin, marginStrategy, contrastAnchors, contrastPositives, equalTexts } = { ...options, ...change };
    const { columns, vectors } = batch;
    const rows = columns[0]!.map((_, row) => row);
    const among = (seeker: number, ...of: number[]): Seen[] =>
      of.flatMap((column) => rows.map((row) => ({ seeker, column, row })));
    const seen = [
      ...among(0, ...columns.keys()).slice(rows.length),
      ...(contrastAnchors ? among(0, 0) : []),
      ...(contrastPositives ? among(1, 1) : []),
    ];
    return meanOf(
      rows.map((i) => {
        const cosine =
          (of: Batch["columns"]) =>
          ({ seeker, column, row }: Seen) =>
            cosineOf(of[seeker]![i]!, of[column]![row]!);
        const right: Seen = { seeker: 0, column: 1, row: i };
        const t = cosine(vectors["guide"]!)(right);
        const least = marginStrategy === "relative" ? t - Math.abs(t) * margin : t - margin;
        const counts = (one: Seen) => {
          if (one.seeker === 0 && one.column === 1 && one.row === i) return true;
          if (cosine(vectors["guide"]!)(one) > least) return false;
          return equalTexts === "keep" || !isRuledOut(batch, i, one);
        };
        return (
          logSumExpOf(seen.filter(counts).map((one) => scale * cosine(columns)(one))) - scale * cosine(columns)(right)
        );
      }),
    );
  },
});

/** Whether equal texts, or being of the row itself, take a candidate out. */
function isRuledOut({ textIds }: Batch, i: number, { seeker, column, row }: Seen): boolean {
  if (column === seeker) {
    // Texts of one column: the row's own, one that equals the answer's or answers the same.
    const [own, other] = column === 0 ? [0, 1] : [1, 0];
    return row === i || textIds[own]![row] === textIds[own]![i] || textIds[other]![row] === textIds[other]![i];
  }
  const equalsAnswer = textIds[column]![row] === textIds[1]![i] && !(column === 1 && row === i);
  return equalsAnswer || (column === 1 && row !== i && textIds[0]![row] === textIds[0]![i]);
}

const choices: fc.Arbitrary<Choice> = fc.record({
  scale: fc.constantFrom(1, 10, 100),
  margin: fc.constantFrom(0.01, 0.1, 0.3),
  marginStrategy: fc.constantFrom("absolute", "relative"),
  contrastAnchors: fc.boolean(),
  contrastPositives: fc.boolean(),
  equalTexts: fc.constantFrom("leaveOut", "keep"),
});
const usual: Choice = {
  scale: 10,
  margin: 0.01,
  marginStrategy: "absolute",
  contrastAnchors: true,
  contrastPositives: true,
  equalTexts: "keep",
};

describe("laws", () => {
  lossLaws({
    rows: { min: 2, max: 5 },
    columns: { min: 2, max: 4 },
    hidden: { min: 2, max: 5 },
    losses: choices.map((options) => drawn(options)),
    mutants: {
      "no guide": () => drawn(usual, { margin: -3 }),
      "another margin": () => drawn(usual, { margin: 0.2 }),
      "anchors are not contrasted": () => drawn(usual, { contrastAnchors: false }),
      "positives are not contrasted": () => drawn(usual, { contrastPositives: false }),
    },
    tolerance: 5e-5, // scores of up to 100, off by some 8 · 2⁻²⁴ of that
  });
});

test("options out of range are refused, and it asks for a guide's vectors", () => {
  expect(() => gist({ scale: 0 })).toThrow(ConfigError);
  expect(() => gist({ marginStrategy: "none" as "relative" })).toThrow("gist: marginStrategy is out of range");
  expect(gist().needs).toEqual({ texts: { least: 2 }, vectors: ["guide"], textIds: true });
});
