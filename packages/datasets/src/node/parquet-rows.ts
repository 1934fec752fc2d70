import { DataError, KindredError } from "@kindred/errors";
import { startPool } from "@kindred/mesh/node";
import type { ParquetFile } from "../parquet-file.ts";
import type { RowOptions } from "../row-options.ts";
import { rowsOfParquet } from "../rows-from-parquet.ts";
import type { TextRow } from "../text-row.ts";
import type { ParquetJob, ParquetFacts } from "./parquet-program.ts";

/** Most bytes of the JavaScript heap that unpacking one row group may take. */
const heapLimitBytes = 3 * 2 ** 30;

/**
 * The rows of a Parquet file, unpacked in a thread of its own: a file that would take more memory than there is ends that thread, not this.
 *
 * @param options `onShare`: told before each row which part of all rows it completes
 */
export async function* parquetRows(
  path: string,
  { onShare, ...options }: RowOptions & { readonly onShare?: (share: number) => void },
): AsyncGenerator<TextRow, void> {
  await using pool = await startPool<ParquetJob, unknown>({
    size: 1,
    program: workerModule(),
    data: path,
    heapLimitBytes,
  });
  const run = async <T>(job: ParquetJob): Promise<T> => {
    try {
      return (await pool.run(job)) as T; // what the worker gives for such a job
    } catch (cause) {
      if (cause instanceof DataError) throw cause;
      const part =
        job.group === undefined
          ? "what stands at its end"
          : `columns ${job.names.join(", ")} of row group ${job.group + 1}`;
      const reason = cause instanceof KindredError || cause instanceof Error ? cause.message : String(cause);
      throw new DataError(
        { file: path },
        `rowsFromParquet: cannot read ${part} (${reason}). Expected row groups that go into memory. Write the file with smaller ones (pyarrow: row_group_size=100_000).`,
        {},
        { cause },
      );
    }
  };
  const facts = await run<ParquetFacts>({ group: undefined });
  const parquet: ParquetFile = { ...facts, read: (group, names) => run({ group, names }) };
  const total = facts.groups.reduce((sum, rows) => sum + rows, 0);
  for await (const row of rowsOfParquet(parquet, options)) {
    onShare?.((row.place.line ?? 0) / total);
    yield row;
  }
}

/** The module that the thread loads: beside this one; for sources, the built one. */
function workerModule(): URL {
  const file = import.meta.url.endsWith(".ts") ? "../../dist/node/parquet-program.js" : "./parquet-program.js";
  return new URL(file, import.meta.url);
}
