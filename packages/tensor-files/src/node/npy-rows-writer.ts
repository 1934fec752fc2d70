import { ConfigError, ShapeError } from "@kindred/errors";
import { openFileAtomic } from "@kindred/files/node";
import { formatNpyHeader } from "../npy-header.ts";

/** An .npy file of float32 rows in the making. One call at a time: wait for each promise. */
export type NpyRowsWriter = {
  /** Adds rows, end to end in one array. Throws ShapeError if they are not whole rows. */
  readonly write: (rows: Float32Array) => Promise<void>;
  /** Completes the file and puts it in its place. */
  readonly close: () => Promise<void>;
  /**
   * Gives the file up and removes what was written, unless it was closed: `await using` leaves no half-written file
   * behind an error.
   */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

/**
 * Opens an .npy file (version 1, `<f4`, row-major) for rows that come one batch at a time, however many there will be.
 *
 * The rows go into a temporary file beside the path; `close` writes their number into its header and puts it in its place
 * (`openFileAtomic` of `@kindred/files/node`). Until then the path holds what it held.
 *
 * @param columns how many numbers a row has, at least 1
 * @throws ConfigError if columns is not such an integer
 *
 * @example
 * ```ts
 * import { mkdtemp, readFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { readNpy } from "@kindred/tensor-files";
 * import { npyRowsWriter } from "@kindred/tensor-files/node";
 *
 * const path = join(await mkdtemp(join(tmpdir(), "example-")), "embeddings.npy");
 * const writer = await npyRowsWriter(path, 3);
 * await writer.write(Float32Array.of(1, 2, 3, 4, 5, 6));
 * await writer.close();
 * readNpy(await readFile(path)).shape; // => [2, 3]
 * ```
 */
export async function npyRowsWriter(path: string, columns: number): Promise<NpyRowsWriter> {
  if (!Number.isSafeInteger(columns) || columns < 1) {
    throw new ConfigError(`npyRowsWriter: bad number of columns. Got ${columns}, expected an integer of at least 1.`, {
      columns,
    });
  }
  const file = await openFileAtomic(path);
  let rowCount = 0;
  const header = () => formatNpyHeader("<f4", [rowCount, columns]);
  await file.write(header());
  return {
    async write(rows) {
      if (rows.length % columns !== 0) {
        throw new ShapeError(
          `npyRowsWriter: not whole rows. Got ${rows.length} numbers, expected a multiple of ${columns}.`,
        );
      }
      await file.write(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength));
      rowCount += rows.length / columns;
    },
    async close() {
      // As long as the first one: NumPy's header leaves room for any number of rows.
      await file.writeAt(header(), 0);
      await file.finish();
    },
    [Symbol.asyncDispose]: file.abandon,
  };
}
