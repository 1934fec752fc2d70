import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type RowGroup, usedText } from "./row-reader.ts";
import { WaitingRows } from "./waiting-rows.ts";

type Row = { readonly texts: readonly string[] };
type Act = { readonly texts: readonly string[] } | "take" | "scope" | "drop";

const text = fc.constantFrom("a", "b", "c", "d", "e");
const acts = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ texts: fc.array(text, { minLength: 1, maxLength: 3 }) }) },
    { weight: 6, arbitrary: fc.constant<Act>("take") },
    { weight: 2, arbitrary: fc.constant<Act>("scope") },
    { weight: 1, arbitrary: fc.constant<Act>("drop") },
  ),
  { maxLength: 200 },
);

/** What rows that wait do, by looking through all of them. */
function plain() {
  let waiting: RowGroup<Row>[] = [];
  const without = (group: RowGroup<Row> | undefined) => {
    waiting = waiting.filter((other) => other !== group);
    return group;
  };
  return {
    get size() {
      return waiting.length;
    },
    beginScope() {},
    add: (group: RowGroup<Row>) => void waiting.push(group),
    take: (used: ReadonlySet<string>) => without(waiting.find((group) => usedText(group, used) === undefined)),
    dropOldest: () => without(waiting[0]),
    groups: () => [...waiting],
  };
}

/** Runs the acts as a lane does: a row that was read comes into the scope, or waits. */
function run(waiting: Pick<WaitingRows<Row>, keyof ReturnType<typeof plain>>, all: readonly Act[]) {
  let used = new Set<string>();
  const seen: unknown[] = [];
  for (const [index, act] of all.entries()) {
    if (act === "scope") {
      used = new Set();
      waiting.beginScope();
    } else if (act === "drop") seen.push(waiting.dropOldest());
    else {
      const group = act === "take" ? waiting.take(used) : [{ index, row: act }];
      const heldBackBy = act === "take" || group === undefined ? undefined : usedText(group, used);
      if (group !== undefined && heldBackBy !== undefined) waiting.add(group, heldBackBy);
      else for (const { row } of group ?? []) for (const one of row.texts) used.add(one);
      if (act === "take") seen.push(group);
    }
    seen.push(waiting.size, waiting.groups());
  }
  return seen;
}

test("gives what looking through all that wait, the oldest first, would give", () => {
  const law = (make: () => Pick<WaitingRows<Row>, keyof ReturnType<typeof plain>>) =>
    fc.assert(
      fc.property(acts, (all) => {
        expect(run(make(), all)).toEqual(run(plain(), all));
      }),
      { numRuns: 500 },
    );
  law(() => new WaitingRows<Row>());
  expectMutantToFail(() =>
    law(() => Object.assign(plain(), { take: (used: ReadonlySet<string>) => plain().take(used) })),
  );
});
