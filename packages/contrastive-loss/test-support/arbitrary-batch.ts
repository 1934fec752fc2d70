import fc from "fast-check";
import type { Direction } from "../src/index.ts";
import type { Settings } from "./loss-reference.ts";

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
/** Every direction and partition, a few scales, both similarities. */
export const settings: fc.Arbitrary<Settings> = fc
  .tuple(fc.constantFrom(1, 5, 20), fc.constantFrom("cosine", "dot"), choices)
  .map(([scale, similarity, choice]) => ({ scale, similarity, ...choice }));

/** The same settings, from queries to documents only. */
export const oneWayOnly = ({ direction: _, directions: _2, partition: _3, ...rest }: Settings): Settings => ({
  ...rest,
  direction: "one-way",
});

/** Columns of rows, and a number for each row's text. */
export const batch = fc
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
