import fc from "fast-check";
import { expect, test } from "vitest";
import type { InputRow } from "./input-rows.ts";
import { digestOf, rowWindows, type RowWindowsOptions, type WindowEnd } from "./row-windows.ts";

async function* stream(rows: readonly InputRow[]) {
  yield* rows;
}

/** All windows that are taken: their rows, where they begin and where they end. */
async function windowsOf(rows: readonly InputRow[], options: RowWindowsOptions) {
  const windows = rowWindows(stream(rows), options);
  const taken: { start: number; rows: readonly InputRow[]; end: WindowEnd }[] = [];
  let waiting = 0;
  for await (const _ of windows.texts) {
    if (++waiting < options.windowRows) continue;
    taken.push(windows.take(waiting));
    waiting = 0;
  }
  if (waiting > 0) taken.push(windows.take(waiting));
  return { taken, end: windows.end };
}

const anyRows = fc.array(fc.record({ text: fc.string({ unit: "binary" }), id: fc.constantFrom(null, 1, "a") }), {
  maxLength: 30,
});
const anySize = fc.integer({ min: 1, max: 7 });

test("the windows of all shards, in their order, are the rows, and each shard comes to the same end", async () => {
  await fc.assert(
    fc.asyncProperty(anyRows, anySize, fc.integer({ min: 1, max: 5 }), async (rows, windowRows, of) => {
      const shards = await Promise.all(
        Array.from({ length: of }, (_, index) => windowsOf(rows, { windowRows, shard: { index, of } })),
      );
      const all = shards.flatMap(({ taken }) => taken).sort((a, b) => a.start - b.start);
      expect(all.flatMap((window) => window.rows)).toEqual(rows);
      expect(all.map(({ end }) => end.window)).toEqual(all.map((_, window) => window));
      for (const { end } of shards) expect(end).toEqual(await digestOf(stream(rows)));
    }),
  );
});

test("behind any window the rest is taken, if the rows up to there are the same, and nothing if they are not", async () => {
  await fc.assert(
    fc.asyncProperty(anyRows, anySize, fc.nat(), async (rows, windowRows, chosen) => {
      const { taken } = await windowsOf(rows, { windowRows });
      const at = taken[chosen % Math.max(taken.length, 1)];
      if (at === undefined) return;
      const rest = await windowsOf(rows, { windowRows, after: at.end });
      expect(rest.taken).toEqual(taken.slice(at.end.window + 1));
      const changed = rows.with(at.end.rows - 1, { text: `${rows[at.end.rows - 1]?.text}!`, id: null });
      const fewer = rows.slice(0, at.end.rows - 1);
      for (const others of [changed, fewer])
        await expect(windowsOf(others, { windowRows, after: at.end })).rejects.toThrow(
          /not those that were begun with/,
        );
      if (at.end.rows % windowRows === 0) return; // the last window, which was cut off by the end
      const more = [...rows, { text: "", id: null }];
      await expect(windowsOf(more, { windowRows, after: at.end })).rejects.toThrow(/not those that were begun with/);
    }),
  );
});
