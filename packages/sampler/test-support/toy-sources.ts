import { keyFromSeed } from "@kindred/random";
import type { Batch, Sampler, Source } from "../src/index.ts";

/** The key of all tests here. */
export const key = keyFromSeed("sampler tests");

/** A source whose rows can be read in any order. */
export function rowsSource(name: string, weight: number, rows: readonly (readonly string[])[]): Source {
  return { name, weight, columns: rows[0]!.length, length: rows.length, row: (i) => ({ texts: rows[i]! }) };
}

/** A source whose rows come one after another. */
export function streamSource(name: string, weight: number, rows: readonly (readonly string[])[]): Source {
  async function* open(skip: number) {
    for (const texts of rows.slice(skip)) yield { texts };
  }
  return { name, weight, columns: rows[0]!.length, open };
}

/** Rows all of whose texts differ. */
export function unlikeRows(name: string, count: number, columns = 2): string[][] {
  return Array.from({ length: count }, (_, row) =>
    Array.from({ length: columns }, (_, column) => `${name} ${row} ${column}`),
  );
}

/** At most so many batches: all of them, where there is an end. */
export async function take(sampler: Sampler, count: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  for (let i = 0; i < count; i++) {
    const batch = await sampler.next();
    if (batch === undefined) break;
    batches.push(batch);
  }
  return batches;
}

/** The rows of each batch as `"source:row"`. */
export const rowsOf = (batches: readonly Batch[]) =>
  batches.map(({ rows }) => rows.map(({ source, index }) => `${source}:${index}`));
