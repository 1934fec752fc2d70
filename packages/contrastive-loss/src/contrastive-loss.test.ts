import { ConfigError, ShapeError } from "@kindred/errors";
import { type Float, memoryInUse, startBackend, valueAndGradients } from "@kindred/tensor";
import { expectMutantToFail, finiteDifferences } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type ContrastiveLossOptions, contrastiveLoss, type Direction } from "./index.ts";

beforeAll(() => startBackend("wasm"));

type Matrix = readonly (readonly number[])[];
type Settings = ContrastiveLossOptions;

/** Which directions share a softmax, as the options' documentation has it for settings that leave nothing to defaults. */
function partsOf({ direction, directions, partition }: Settings): readonly (readonly Direction[])[] {
  if (direction === "one-way") return [["queryToDoc"]];
  if (direction === "symmetric") return [["queryToDoc"], ["docToQuery"]];
  return partition === "perDirection" ? directions!.map((name) => [name]) : [directions!];
}

/** The loss in float64, straight from its definition, the rule about equal texts included. */
function reference(
  columns: readonly Matrix[],
  { scale = 20, similarity = "cosine", textIds, ...choice }: Settings,
): number {
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const norm = (a: readonly number[]) => (similarity === "dot" ? 1 : Math.max(1e-12, Math.sqrt(dot(a, a))));
  const score = (a: readonly number[], b: readonly number[]) => (scale * dot(a, b)) / (norm(a) * norm(b));
  const same = (c: number, i: number, d: number, j: number) =>
    textIds !== undefined && textIds[c]![i] === textIds[d]![j];
  const surprise = (right: number, others: number[]) => {
    const top = Math.max(right, ...others);
    return top + Math.log([right, ...others].reduce((sum, s) => sum + Math.exp(s - top), 0)) - right;
  };
  const [queries, positives] = [columns[0]!, columns[1]!];
  const losses = queries.map((query, i) => {
    const right = score(query, positives[i]!);
    const documentsFor = (seeker: readonly number[], ownRow: boolean) =>
      columns.slice(1).flatMap((column, c) =>
        column.flatMap((document, j) => {
          if (c === 0 && (j === i || same(0, i, 0, j))) return [];
          return same(1, i, c + 1, j) || (j === i && !ownRow) ? [] : [score(seeker, document)];
        }),
      );
    const queriesFor = (seeker: readonly number[]) =>
      queries.flatMap((other, j) => (j === i || same(0, i, 0, j) || same(1, i, 1, j) ? [] : [score(seeker, other)]));
    // Of each direction all candidates but the right one.
    const others: { readonly [name in Direction]: number[] } = {
      queryToDoc: documentsFor(query, true),
      queryToQuery: queriesFor(query),
      docToQuery: queriesFor(positives[i]!),
      docToDoc: documentsFor(positives[i]!, false),
    };
    const parts = partsOf(choice).map((part) => {
      const again = part.length > 1 && part.includes("docToQuery") ? [right] : []; // the right pair, seen from both ends
      return surprise(right, [...part.flatMap((name) => others[name]), ...again]);
    });
    return parts.reduce((sum, x) => sum + x, 0) / parts.length;
  });
  return losses.reduce((sum, x) => sum + x, 0) / losses.length;
}

function lossOf(columns: readonly Matrix[], options: ContrastiveLossOptions): number {
  return tf.tidy(
    () =>
      contrastiveLoss(
        columns.map((c) => tf.tensor2d(c as number[][])),
        options,
      ).dataSync()[0]!,
  );
}

/** The loss and the gradient of each column, flat. */
function gradientsOf(
  columns: readonly Float<"batch hidden">[],
  options: ContrastiveLossOptions,
): { value: number; gradients: Float32Array[] } {
  const named = Object.fromEntries(columns.map((column, i) => [`${i}`, column]));
  const { value, gradients } = valueAndGradients(() => contrastiveLoss(columns, options), named);
  const result = {
    value: value.dataSync()[0]!,
    gradients: columns.map((_, i) => Float32Array.from(gradients[i]!.dataSync())),
  };
  tf.dispose([value, gradients] as tf.TensorContainer);
  return result;
}

const choices: fc.Arbitrary<Settings> = fc.oneof(
  fc.record({ direction: fc.constantFrom("symmetric", "one-way") }),
  fc.record({
    directions: fc
      .subarray<Direction>(["queryToQuery", "docToQuery", "docToDoc"])
      .chain((others) => fc.shuffledSubarray<Direction>(["queryToDoc", ...others], { minLength: others.length + 1 })),
    partition: fc.constantFrom("joint", undefined),
  }),
  fc.record({
    directions: fc.constantFrom<Direction[]>(["queryToDoc"], ["docToQuery", "queryToDoc"]),
    partition: fc.constant("perDirection"),
  }),
) as fc.Arbitrary<Settings>;
const settings: fc.Arbitrary<Settings> = fc
  .tuple(fc.constantFrom(1, 5, 20), fc.constantFrom("cosine", "dot"), choices)
  .map(([scale, similarity, choice]) => ({ scale, similarity, ...choice }));
const oneWayOnly = ({ direction: _, directions: _2, partition: _3, ...rest }: Settings): Settings => ({
  ...rest,
  direction: "one-way",
});
const batch = fc
  .record({
    rows: fc.integer({ min: 1, max: 6 }),
    columns: fc.integer({ min: 2, max: 4 }),
    hidden: fc.integer({ min: 1, max: 5 }),
  })
  .chain(({ rows, columns, hidden }) => {
    const entry = fc.oneof(fc.constantFrom(0, -0, 1, -1), fc.float({ min: -2, max: 2, noNaN: true }));
    const row = fc.array(entry, { minLength: hidden, maxLength: hidden });
    const table = <T>(cell: fc.Arbitrary<T>) =>
      fc.array(fc.array(cell, { minLength: rows, maxLength: rows }), { minLength: columns, maxLength: columns });
    return fc.record({ columns: table(row), ids: table(fc.integer({ min: 0, max: 3 })) });
  })
  .map(({ columns, ids }) => ({ columns, textIds: ids.map((column) => Int32Array.from(column)) }));

/** The same rows with a first entry of 1 to 5: near zero a cosine's gradient is a rounding error divided by the row's norm. */
function awayFromZero(columns: readonly Matrix[]): number[][][] {
  return columns.map((column) => column.map((row) => row.map((x, i) => (i === 0 ? x + 3 : x))));
}

/**
 * A score is scale · a·b with |a·b| ≤ 1 (cosine) or ≤ hidden · 4 = 20 (dot): |score| ≤ 20 or 400. It is off by some 8 roundings of
 * 2^-24 of its size, and the loss is a difference of such scores, so by twice that.
 */
const tolerance = ({ scale, similarity }: Settings) => 16 * 2 ** -24 * (scale! * (similarity === "dot" ? 20 : 1) + 4);

describe("values", () => {
  test("worked by hand: right answers alone count, ties cost log 2", () => {
    const columns = [
      [
        [1, 0],
        [0, 1],
      ],
      [
        [1, 0],
        [0, 1],
      ],
    ];
    // Scores 1 on the diagonal and 0 beside it: log(e + 1) − 1.
    expect(lossOf(columns, { scale: 1 })).toBeCloseTo(Math.log(Math.E + 1) - 1, 6);
    expect(
      lossOf(
        [
          columns[0]!,
          [
            [1, 1],
            [1, 1],
          ],
        ],
        {},
      ),
    ).toBeCloseTo(Math.log(2), 6);
  });

  test("worked by hand: a negative is one more document, for one-way and symmetric alike", () => {
    const columns = [[[1, 0]], [[1, 0]], [[0, 1]]];
    const oneWay = Math.log(1 + Math.exp(-1));
    expect(lossOf(columns, { scale: 1, direction: "one-way" })).toBeCloseTo(oneWay, 6);
    expect(lossOf(columns, { scale: 1, direction: "symmetric" })).toBeCloseTo(oneWay / 2, 6); // one query: nothing to confuse
  });

  test("worked by hand: all four directions in one softmax", () => {
    const axes = [
      [1, 0],
      [0, 1],
    ];
    const negatives = [
      [0, 1],
      [1, 0],
    ];
    const directions = ["queryToDoc", "queryToQuery", "docToQuery", "docToDoc"] as const;
    // Scores of row 0: documents 1 0 0 1; the other query 0; queries from the positive 1 0; documents of row 1 from the positive 0 1.
    const expected = Math.log(4 * Math.E + 5) - 1;
    expect(lossOf([axes, axes, negatives], { scale: 1, directions })).toBeCloseTo(expected, 6);
    // Both queries are one text: positive 1, query 1 and positive 1 again are no wrong answers, which takes 4 scores of 0 away.
    const textIds = [Int32Array.of(7, 7), Int32Array.of(1, 2), Int32Array.of(3, 4)];
    expect(lossOf([axes, axes, negatives], { scale: 1, directions, textIds })).toBeCloseTo(
      Math.log(4 * Math.E + 1) - 1,
      6,
    );
  });

  test("by default pairs are symmetric and triplets one-way, at scale 20 over cosines", () => {
    const pairs = [
      [
        [1, 0],
        [1, 2],
      ],
      [
        [1, 1],
        [0, 3],
      ],
    ];
    const triplets = [
      ...pairs,
      [
        [2, -1],
        [1, 0],
      ],
    ];
    const common = { scale: 20, similarity: "cosine" } as const;
    expect(lossOf(pairs, {})).toBe(lossOf(pairs, { ...common, direction: "symmetric" }));
    expect(lossOf(triplets, {})).toBe(lossOf(triplets, { ...common, direction: "one-way" }));
    expect(lossOf(pairs, {})).not.toBe(lossOf(pairs, { direction: "one-way" }));
  });

  test("equals the float64 reference, with and without equal texts", () => {
    const check = (mutate: (options: Settings) => Settings) =>
      fc.assert(
        fc.property(batch, settings, fc.boolean(), ({ columns, textIds }, plain, withIds) => {
          const options = withIds ? { ...plain, textIds } : plain;
          const difference = Math.abs(lossOf(columns, options) - reference(columns, mutate(options)));
          expect(difference).toBeLessThanOrEqual(tolerance(options));
        }),
        { numRuns: 150 },
      );
    check((options) => options);
    expectMutantToFail(() => check(({ textIds: _, ...options }) => options));
    expectMutantToFail(() => check(oneWayOnly));
    expectMutantToFail(() => check((options) => (options.directions ? { ...options, partition: "joint" } : options)));
    expectMutantToFail(() => check((options) => ({ ...options, scale: options.scale! * 1.01 })));
  });
});

describe("laws", () => {
  test("the loss is never negative", () => {
    fc.assert(
      fc.property(batch, settings, fc.boolean(), ({ columns, textIds }, plain, withIds) => {
        const options = withIds ? { ...plain, textIds } : plain;
        // logSoftmax of a row whose only candidate is its own may round to one unit of a score's last place below 0.
        expect(lossOf(columns, options)).toBeGreaterThanOrEqual(-tolerance(options));
      }),
      { numRuns: 100 },
    );
  });

  test("the loss is log(number of candidates) when all scores are equal", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 2, max: 4 }),
        settings,
        (rows, columns, options) => {
          const equal = Array.from({ length: columns }, () => Array.from({ length: rows }, () => [0.6, 0.8]));
          const candidates: { readonly [name in Direction]: number } = {
            queryToDoc: rows * (columns - 1),
            queryToQuery: rows - 1,
            docToQuery: rows,
            docToDoc: (rows - 1) * (columns - 1),
          };
          const logs = partsOf(options).map((part) => Math.log(part.reduce((sum, name) => sum + candidates[name], 0)));
          const expected = logs.reduce((sum, log) => sum + log, 0) / logs.length;
          expect(Math.abs(lossOf(equal, options) - expected)).toBeLessThanOrEqual(tolerance(options));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("the loss is unchanged by permuting the pairs", () => {
    fc.assert(
      fc.property(batch, settings, fc.infiniteStream(fc.nat()), ({ columns, textIds }, plain, keys) => {
        const order = columns[0]!.map((_, i) => ({ i, key: keys.next().value! })).sort((a, b) => a.key - b.key);
        const permuted = columns.map((column) => order.map(({ i }) => column[i]!));
        const permutedIds = textIds.map((column) => Int32Array.from(order, ({ i }) => column[i]!));
        const before = lossOf(columns, { ...plain, textIds });
        const after = lossOf(permuted, { ...plain, textIds: permutedIds });
        expect(Math.abs(after - before)).toBeLessThanOrEqual(tolerance(plain));
      }),
      { numRuns: 80 },
    );
  });

  test("direction is short for directions with their partition, and their order and repetition do not matter", () => {
    fc.assert(
      fc.property(batch, ({ columns }) => {
        const oneWay = lossOf(columns, { direction: "one-way" });
        const symmetric = lossOf(columns, { direction: "symmetric" });
        expect(lossOf(columns, { directions: ["queryToDoc"] })).toBe(oneWay);
        expect(lossOf(columns, { directions: ["queryToDoc", "queryToDoc"], partition: "perDirection" })).toBe(oneWay);
        const both = ["docToQuery", "queryToDoc"] as const;
        expect(lossOf(columns, { directions: both, partition: "perDirection" })).toBe(symmetric);
      }),
      { numRuns: 30 },
    );
  });

  test("a direction more in a joint softmax never lowers the loss", () => {
    fc.assert(
      fc.property(batch, settings, ({ columns, textIds }, options) => {
        fc.pre(options.directions !== undefined && options.partition !== "perDirection");
        const fewer = { ...options, textIds, directions: ["queryToDoc"] as const };
        expect(lossOf(columns, { ...options, textIds })).toBeGreaterThanOrEqual(
          lossOf(columns, fewer) - tolerance(options),
        );
      }),
      { numRuns: 60 },
    );
  });

  test("cosine does not see the length of a row", () => {
    const columns = [
      [
        [1, 2],
        [3, -1],
      ],
      [
        [0, 1],
        [1, 1],
      ],
    ];
    const longer = columns.map((column, c) => column.map((row, i) => row.map((x) => x * (c + 2 * i + 1))));
    expect(lossOf(longer, {})).toBeCloseTo(lossOf(columns, {}), 5);
    expectMutantToFail(() =>
      expect(lossOf(longer, { similarity: "dot" })).toBeCloseTo(lossOf(columns, { similarity: "dot" }), 5),
    );
  });
});

test("the gradient equals the reference's finite differences", () => {
  fc.assert(
    fc.property(batch, settings, ({ columns, textIds }, plain) => {
      const lifted = awayFromZero(columns);
      const options = { ...plain, textIds };
      const tensors = lifted.map((column) => tf.tensor2d(column));
      const { gradients } = gradientsOf(tensors, options);
      tf.dispose(tensors);
      const [rows, hidden] = [lifted[0]!.length, lifted[0]![0]!.length];
      for (const c of lifted.keys()) {
        const f = (flat: Float64Array) => {
          const moved = lifted[c]!.map((_, i) => [...flat.slice(i * hidden, (i + 1) * hidden)]);
          return reference(
            lifted.map((column, d) => (d === c ? moved : column)),
            options,
          );
        };
        const expected = finiteDifferences(f, lifted[c]!.flat());
        // Probabilities and similarities carry the score's error; the gradient is at most scale · 5 · them.
        expect(gradients[c]).toBeCloseToArray(expected, {
          tolerance: 1e-8 + tolerance(options) * options.scale! * (options.similarity === "dot" ? 5 : 1),
          shape: [rows, hidden],
          axes: "batch hidden",
        });
      }
    }),
    { numRuns: 40 },
  );
});

test("nothing stays in memory", () => {
  const columns = [
    tf.tensor2d([
      [1, 0],
      [0, 1],
    ]),
    tf.tensor2d([
      [1, 1],
      [0, 1],
    ]),
  ];
  gradientsOf(columns, {});
  const before = memoryInUse();
  gradientsOf(columns, { textIds: [Int32Array.of(0, 0), Int32Array.of(1, 2)] });
  expect(memoryInUse()).toEqual(before);
  tf.dispose(columns);
});

test("columns, rows and numbers that do not fit are refused", () => {
  const [two, three, wide] = [tf.ones<tf.Rank.R2>([2, 2]), tf.ones<tf.Rank.R2>([3, 2]), tf.ones<tf.Rank.R2>([2, 3])];
  expect(() => contrastiveLoss([two])).toThrow("contrastiveLoss: too few columns. Got 1");
  expect(() => contrastiveLoss([two, three])).toThrow(ShapeError);
  expect(() => contrastiveLoss([two, wide])).toThrow(ShapeError);
  expect(() => contrastiveLoss([two, two], { scale: 0 })).toThrow(ConfigError);
  expect(() => contrastiveLoss([two, two], { firstRow: 1 })).toThrow("this core's rows are not among the batch's");
  expect(() => contrastiveLoss([two, two], { textIds: [Int32Array.of(1, 2)] })).toThrow("textIds do not fit");
  const refused: [ContrastiveLossOptions, string][] = [
    [{ direction: "one-way", directions: ["queryToDoc"] }, "direction and directions are both given"],
    [{ directions: ["docToQuery"] }, "directions are not what the loss knows"],
    [{ directions: [] }, "directions are not what the loss knows"],
    [{ directions: ["queryToDoc", "docToAnswer" as Direction] }, "directions are not what the loss knows"],
    [{ directions: ["queryToDoc", "queryToQuery"], partition: "perDirection" }, "needs the right answer among"],
    [{ directions: ["queryToDoc", "docToDoc"], partition: "perDirection" }, "needs the right answer among"],
    [{ directions: ["queryToDoc"], partition: "each" as "joint" }, "partition is not what the loss knows"],
    [{ partition: "joint" }, "partition is of directions"],
    [{ direction: "one-way", partition: "joint" }, "partition is of directions"],
  ];
  for (const [options, message] of refused) {
    expect(() => contrastiveLoss([two, two], options)).toThrow(ConfigError);
    expect(() => contrastiveLoss([two, two], options)).toThrow(message);
  }
  tf.dispose([two, three, wide]);
});
