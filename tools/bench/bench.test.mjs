// The benchmark's own arithmetic: what it makes of measurements, and what it refuses.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fc, test as lawTest } from "@fast-check/vitest";
import { sharedPath } from "@kindred/testing";
import { describe, expect, test } from "vitest";
import { root } from "../node-runtime.mjs";
import { isSlower, raceAgainst } from "./against.mjs";
import { expectAgreement } from "./expect-agreement.mjs";
import { layerGigaflop } from "./inputs/layer-inputs.mjs";
import { linesOfRound } from "./inputs/lines-of-round.mjs";
import { productInputs } from "./inputs/product-inputs.mjs";
import { median } from "./median.mjs";
import { parseOptions } from "./options.mjs";
import { renderResults, tableLine } from "./render.mjs";
import { mergeResults } from "./results.mjs";
import { rows } from "./rows.mjs";
import { strided } from "./strided.mjs";

/** @typedef {import("./run-case.mjs").Result} Result */

/** @param {Partial<Result>} changes @returns {Result} */
function result(changes) {
  return {
    id: "product",
    case: "x·W",
    ours: 60,
    theirs: 20,
    peer: "tfjs 4.22.0",
    unit: "GFLOP/s",
    ratio: 3,
    floor: 3,
    threads: 1,
    runs: 7,
    us: "Kindred, wide",
    spread: { ours: [50, 70], theirs: [19, 21], ratio: [2.5, 3.5] },
    node: "24.21.0",
    machine: "EPYC, 2 cores",
    ...changes,
  };
}

describe("median", () => {
  test("is the middle number, or the mean of the two middle ones", () => {
    expect(median([9, 1, 5])).toEqual({ middle: 5, least: 1, most: 9 });
    expect(median([4, 1, 2, 100])).toEqual({ middle: 3, least: 1, most: 100 });
  });

  test("of nothing is refused", () => {
    expect(() => median([])).toThrow("expected at least one value");
  });

  lawTest.prop([fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 })])(
    "has as many numbers above as below",
    (values) => {
      const { middle } = median(values);
      const above = values.filter((value) => value > middle).length;
      const below = values.filter((value) => value < middle).length;
      expect(above).toBeLessThanOrEqual(values.length / 2);
      expect(below).toBeLessThanOrEqual(values.length / 2);
    },
  );
});

describe("expectAgreement", () => {
  test("passes what rounding explains", () => {
    expectAgreement([1, 2], [1.0005, 2], 1e-3);
    expectAgreement([3, 7], [3, 7], 0);
  });

  test("refuses another number, another count, NaN on either side, and nothing at all", () => {
    for (const [ours, theirs] of [
      [
        [1, 2],
        [1, 2.01],
      ],
      [[1, 2], [1]],
      [[1], [1, 2]],
      [
        [Number.NaN, 1],
        [1, 1],
      ],
      [
        [1, 1],
        [Number.NaN, 1],
      ],
      [[], []],
    ]) {
      expect(() => expectAgreement(ours ?? [], theirs ?? [], 1e-3)).toThrow("did not compute the same");
    }
  });
});

describe("options", () => {
  const ids = rows.map(({ id }) => id);

  test("are read as typed and as nx hands them on", () => {
    expect(parseOptions(["--quick"], ids).scale).toBe("quick");
    expect(parseOptions(["--quick=true"], ids).scale).toBe("quick");
    expect(parseOptions(["--long", "--only", "product,adamw"], ids)).toMatchObject({
      scale: "long",
      only: ["product", "adamw"],
    });
    expect(parseOptions([], ids)).toEqual({
      scale: "normal",
      only: undefined,
      python: undefined,
      against: undefined,
      rounds: undefined,
      cpuTime: false,
      help: false,
    });
  });

  test("against another checkout, as often as asked", () => {
    expect(parseOptions(["--against", "../old", "--rounds=21"], ids)).toMatchObject({ against: "../old", rounds: 21 });
    expect(() => parseOptions(["--rounds", "many"], ids)).toThrow("not a number of rounds. Got --rounds many");
  });

  test("with an unknown row or flag are refused", () => {
    expect(() => parseOptions(["--only", "produce"], ids)).toThrow("no row is called produce");
    expect(() => parseOptions(["--quik"], ids)).toThrow("--quik");
  });
});

describe("results", () => {
  test("of a row take the place of its earlier ones, in the table's order", () => {
    const earlier = [result({ id: "layer", ratio: 1 }), result({ id: "product", case: "gone" })];
    const merged = mergeResults(earlier, [result({ id: "product", ratio: 4 })], ["product", "layer"]);
    expect(merged.map(({ id, ratio }) => [id, ratio])).toEqual([
      ["product", 4],
      ["layer", 1],
    ]);
  });

  test("of another machine are dropped", () => {
    const merged = mergeResults([result({ id: "layer", machine: "other" })], [result({})], ["product", "layer"]);
    expect(merged.map(({ id }) => id)).toEqual(["product"]);
  });

  test("are judged by their floor", () => {
    expect(tableLine(result({}))).toContain("floor 3: met");
    expect(tableLine(result({ ratio: 2.99 }))).toContain("floor 3: NOT MET");
    expect(tableLine(result({ floor: null }))).toContain("for information");
    expect(tableLine(result({ ratio: 1 }), { judged: false })).not.toContain("MET");
  });

  test("that miss their floor are explained on the page, and what a peer can't do is said", () => {
    const page = renderResults(rows, [
      result({ ratio: 2 }),
      result({ id: "layer", ratio: null, ours: null, note: "has no gradient" }),
    ]);
    expect(page).toContain("3 ✗");
    expect(page).toContain("What bounds the lines below their floor");
    expect(page).toContain("has no gradient");
    expect(renderResults(rows, [result({})])).not.toContain("What bounds");
  });
});

test("a checkout races with itself, each contestant once on the same work; a folder without one is refused", async () => {
  const file = join(sharedPath("golden", "mpnet-tiny", "model"), "tokenizer.json");
  /** @type {import("./row.mjs").Row} */
  const row = {
    ...{ id: "toy", work: "", how: "", unit: "lines/s", value: "rate", better: "higher", floor: 1 },
    cases: () => [
      {
        case: "a line",
        ours: { contestant: "kindred-tokenizer", setup: { file, lines: ["a line"], linesAtOnce: 1 } },
        theirs: { contestant: "huggingface-tokenizer", setup: {} },
        threads: 1,
      },
    ],
  };
  const options = /** @type {const} */ ({ scale: "quick", rounds: undefined, cpuTime: false });
  const { verdicts, failed } = await raceAgainst(root, [row, { ...row, id: "again" }], options);
  expect([failed, verdicts.map(({ id, rounds }) => [id, rounds])]).toEqual([0, [["toy", 1]]]);
  expect([isSlower({ ratio: 0.96 }), isSlower({ ratio: 0.98 })]).toEqual([true, false]);
  await expect(raceAgainst("nowhere", [row], options)).rejects.toThrow("no checkout of Kindred. Got --against nowhere");
});

test("every row of the contract is there, once", () => {
  const ids = rows.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual([
    ...[
      "product",
      "product-128",
      "product-transposed",
      "transposed-vs-plain",
      "product-frozen",
      "product-pytorch",
      "attention",
      "layer",
      "layer-efficiency",
    ],
    ...["encode", "encode-native", "encode-one", "encode-int8", "encode-pytorch", "serve-python", "train-pytorch"],
    ...["encode-xla", "train-xla"],
    ...["encode-cores", "train-cores", "train-memory"],
    ...["adamw", "search", "search-numpy", "tokenizer", "tokenizer-rust", "cold-start"],
  ]);
});

test("a product's arithmetic is two operations a pair", () => {
  const { left, right, gigaflop } = productInputs({ rows: 2, inner: 3, columns: 4, form: "TN", repeats: 1 });
  expect(gigaflop).toBeCloseTo(48e-9, 20);
  expect([left.shape, right.shape]).toEqual([
    [3, 2],
    [3, 4],
  ]);
});

test("a layer's arithmetic is three products a weight and token, and six of every sentence with itself", () => {
  // 5 tokens, 4·4·4 + 2·4·8 = 128 weights: 6·5·128 = 3840. Sentences of 2 and 3: 12·4·(4 + 9) = 624.
  expect(layerGigaflop({ hidden: 4, heads: 2, intermediate: 8, lengths: [2, 3] })).toBeCloseTo(4464e-9, 15);
});

test("rounds take the lines in turn and begin again", () => {
  const setup = { lines: ["a", "b", "c", "d", "e"], linesAtOnce: 2 };
  expect([0, 1, 2].map((round) => linesOfRound(setup, round))).toEqual([
    ["a", "b"],
    ["c", "d"],
    ["a", "b"],
  ]);
});

test("samples are the same places of every array", () => {
  expect(strided([[1, 2, 3, 4, 5, 6], [7]], 3)).toEqual([1, 3, 5, 7]);
});

test("the peers' lockfile names no registry", () => {
  const lockfile = readFileSync(new URL("peers/package-lock.json", import.meta.url), "utf8");
  expect(lockfile).not.toContain("resolved");
  expect(lockfile).not.toMatch(/https?:\/\/[^"]*\.tgz/);
});
