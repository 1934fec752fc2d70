import fc from "fast-check";
import { expect, test } from "vitest";
import { createSampler } from "@kindred/sampler";
import { keyFromSeed } from "@kindred/random";
import { toyPairs, toyVocabulary } from "@kindred/testing";
import { tokenizerFromVocab } from "@kindred/tokenizer";
import { type DrawnBatch, dealBatch, drawBatch, joinColumns, tokenChunks } from "./deal-batch.ts";

/** Texts of a batch, and their "tokens": as many as the text has letters, each the row's number. */
const batches = fc
  .array(fc.tuple(fc.string({ minLength: 1, maxLength: 30 }), fc.string({ minLength: 1, maxLength: 30 })), {
    minLength: 1,
    maxLength: 40,
  })
  .map((texts) => {
    const tokens = [0, 1].map((column) => {
      const starts = new Int32Array(texts.length + 1);
      texts.forEach((row, i) => {
        starts[i + 1] = starts[i]! + row[column]!.length;
      });
      const ids = Int32Array.from(texts.flatMap((row, i) => Array<number>(row[column]!.length).fill(i)));
      return { ids, starts };
    });
    return { texts, tokens };
  });
const rowsOf = (all: readonly (readonly string[])[]) =>
  all.map((texts, i) => ({ texts, scores: [i], label: 2 * i, group: `${i % 3}`, source: i % 2 }));
const loss = {
  name: "judged",
  needs: { scores: "row", labels: true, textIds: true, groups: true, sources: true },
} as const;
const cores = fc.integer({ min: 1, max: 5 });

test("every row goes to exactly one core, with all its columns, and cores differ by one row at most", () => {
  fc.assert(
    fc.property(batches, cores, ({ texts, tokens }, count) => {
      const shares = dealBatch(rowsOf(texts), tokens, { cores: count, loss });
      expect(shares.flatMap(({ rows }) => [...rows]).sort((a, b) => a - b)).toEqual([...texts.keys()]);
      const sizes = shares.map(({ rows }) => rows.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      for (const { rows, columns } of shares) {
        columns.forEach(({ ids, starts }, column) => {
          rows.forEach((row, i) => {
            const own = [...ids.subarray(starts[i], starts[i + 1])];
            expect(own).toEqual(Array(texts[row]![column]!.length).fill(row));
          });
        });
      }
    }),
  );
});

test("equal texts, and only those, have equal ids, in the gathered order, as have scores and labels", () => {
  fc.assert(
    fc.property(batches, cores, ({ texts, tokens }, count) => {
      const shares = dealBatch(rowsOf(texts), tokens, { cores: count, loss });
      const gathered = shares.flatMap(({ rows }) => [...rows]);
      const ids = [0, 1].flatMap((column) => [...shares[0]!.data.textIds![column]!]);
      const inOrder = [0, 1].flatMap((column) => gathered.map((row) => texts[row]![column]!));
      expect(ids.map((id) => ids.indexOf(id))).toEqual(inOrder.map((text) => inOrder.indexOf(text)));
      for (const { data } of shares) {
        expect([...data.scores!]).toEqual(gathered);
        expect([...data.labels!]).toEqual(gathered.map((row) => 2 * row));
        expect([...data.sources!]).toEqual(gathered.map((row) => row % 2));
        const firstOf = (numbers: readonly number[]) => numbers.map((number) => numbers.indexOf(number));
        expect(firstOf([...data.groups!])).toEqual(firstOf(gathered.map((row) => row % 3)));
      }
      let before = 0;
      for (const { firstRow, rows } of shares) {
        expect(firstRow).toBe(before);
        before += rows.length;
      }
    }),
  );
});

test("cores get about as many tokens: the longest rows are dealt first", () => {
  const texts = [8, 1, 1, 1, 1, 8, 4, 4].map((length) => ["x".repeat(length), "y"]);
  const tokens = [0, 1].map((column) => ({
    ids: new Int32Array(texts.reduce((sum, row) => sum + row[column]!.length, 0)),
    starts: Int32Array.from(
      [0, ...texts.keys()].map((_, i) => texts.slice(0, i).reduce((sum, row) => sum + row[column]!.length, 0)),
    ),
  }));
  const totals = dealBatch(rowsOf(texts), tokens, { cores: 2, loss }).map(({ columns }) =>
    columns.reduce((sum, { ids }) => sum + ids.length, 0),
  );
  expect(totals).toEqual([18, 18]);
});

test("two columns by hand", () => {
  const columns = [
    { ids: Int32Array.of(0, 2, 0, 5, 2), starts: Int32Array.of(0, 2, 5) },
    { ids: Int32Array.of(0, 6, 2, 0, 2), starts: Int32Array.of(0, 3, 5) },
  ];
  const share = { columns, rows: Int32Array.of(3, 1), firstRow: 0, data: {} };
  expect(joinColumns(share, 4)).toEqual({
    batch: { ids: Int32Array.of(0, 2, 0, 5, 2, 0, 6, 2, 0, 2), starts: Int32Array.of(0, 2, 5, 8, 10) },
    rows: Int32Array.of(3, 1, 7, 5),
  });
});

test("every sentence of a batch has one number, the same on any number of cores", () => {
  const length = fc.integer({ min: 0, max: 5 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(length, length), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 4 }),
      (lengths, cores) => {
        fc.pre(cores <= lengths.length);
        const texts = lengths.map((_, row) => [`query ${row}`, `answer ${row}`]);
        // The tokens of a sentence are the number that it is to have.
        const tokens = [0, 1].map((column) => {
          const counts = lengths.map((row) => row[column]!);
          const starts = [0];
          for (const count of counts) starts.push(starts.at(-1)! + count);
          const ids = counts.flatMap((count, row) => new Array<number>(count).fill(column * lengths.length + row));
          return { ids: Int32Array.from(ids), starts: Int32Array.from(starts) };
        });
        const seen = dealBatch(rowsOf(texts), tokens, { cores, loss }).flatMap((share) => {
          const { batch, rows } = joinColumns(share, lengths.length);
          for (const [i, row] of rows.entries())
            for (const id of batch.ids.subarray(batch.starts[i], batch.starts[i + 1])) expect(id).toBe(row);
          return [...rows];
        });
        expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 2 * lengths.length }, (_, i) => i));
      },
    ),
  );
});

test("chunks hold all sentences in order, each chunk within the budget unless one sentence alone is over it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 40 }),
      (lengths, budget) => {
        const starts = new Int32Array(lengths.length + 1);
        for (const [i, length] of lengths.entries()) starts[i + 1] = starts[i]! + length;
        const ids = Int32Array.from({ length: starts[lengths.length]! }, (_, i) => i);
        const rows = Int32Array.from(lengths, (_, i) => 100 + i);
        const chunks = tokenChunks({ batch: { ids, starts }, rows }, budget);
        expect(chunks.flatMap(({ batch }) => [...batch.ids])).toEqual([...ids]);
        expect(chunks.flatMap((chunk) => [...chunk.rows])).toEqual([...rows]);
        for (const { batch, rows: own } of chunks) expect(batch.ids.length <= budget || own.length === 1).toBe(true);
        if (ids.length <= budget) expect(chunks.length).toBe(1);
      },
    ),
  );
});

/** The batches of some steps, as one of several processes with so many devices draws them. */
async function drawn(seed: number, cores: number, processes?: { readonly index: number; readonly count: number }) {
  const pairs = toyPairs.map((texts) => ({ texts, place: { file: "toy" } }));
  const source = { name: "toy", weight: 1, columns: 2, length: pairs.length, row: (i: number) => pairs[i]! };
  const sampler = createSampler({ sources: [source], batchSize: 16, key: keyFromSeed(seed) });
  const model = { tokenizer: tokenizerFromVocab(toyVocabulary), settings: { maxSeqLength: 12 } as never };
  const batches: DrawnBatch[] = [];
  const to = { cores, equalShares: true, programs: { blockRows: 16, batchRows: 64 }, ...(processes && { processes }) };
  for (let step = 0; step < 4; step++)
    batches.push(
      await drawBatch({ sampler, model, loss: { name: "plain", needs: { textIds: true } }, maxBatchTokens: 64 }, to),
    );
  return batches;
}

test("what a process trains on depends on seed, step, process and their number: those of two with four devices are those of one with eight", async () => {
  for (const seed of [1, 2]) {
    const one = await drawn(seed, 8);
    const two = [await drawn(seed, 4, { index: 0, count: 2 }), await drawn(seed, 4, { index: 1, count: 2 })];
    for (const [step, { shares, pairs, tokens, cursor }] of one.entries()) {
      expect(two.flatMap((batches) => batches[step]!.shares)).toEqual(shares);
      for (const batches of two) expect(batches[step]).toMatchObject({ pairs, tokens, cursor, whole: false });
    }
  }
  expect((await drawn(1, 8))[0]!.shares).not.toEqual((await drawn(2, 8))[0]!.shares);
});

test("a batch that devices cannot share equally goes to all of them whole; to cores it is dealt", async () => {
  const [batch] = await drawn(1, 3);
  expect(batch).toMatchObject({ whole: true, shares: [{ firstRow: 0, rows: { length: 16 } }] });
});
