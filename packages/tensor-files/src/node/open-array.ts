import { FormatError } from "@kindred/errors";
import { byteLength, type Dtype } from "../named-tensor.ts";
import { parseNpyDescription, parseNpyHeader } from "../npy-header.ts";
import { parseSafetensorsHeader, safetensorsHeaderLength } from "../safetensors-header.ts";
import { openFileSource, unknownTensor } from "./open-tensor-file.ts";

/** An array on disk, of which rows are read where they are wanted. */
export type ArrayFile = {
  readonly dtype: Dtype;
  /** Rows first. */
  readonly shape: readonly number[];
  /** The bytes of `count` rows from the one with number `first` on, row after row, little-endian. */
  readonly read: (first: number, count: number) => Promise<Uint8Array>;
  /** Closes the file. A second call does nothing. */
  readonly close: () => Promise<void>;
  /** The same, for `await using`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

/** The longest head of an .npy file: its first bytes, and a dictionary that is no longer than its reader takes. */
const mostNpyHeadBytes = 12 + 65_536;

/**
 * Opens the array of an `.npy` file, or the tensor of that name in a `.safetensors` file, to read it row by row: it may be larger than memory.
 *
 * @throws FormatError naming the file, the offset and the broken rule, also for an array without rows of whole bytes, and for one that lies
 * big-endian or in Fortran's order (`readNpy` reads these); ConfigError for a tensor that is not there
 * @see NumPy documentation, numpy.lib.format
 *
 * @example
 * ```ts
 * import { mkdtemp, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { fromFloat32, writeNpy } from "@kindred/tensor-files";
 * import { openArray } from "@kindred/tensor-files/node";
 *
 * const path = join(await mkdtemp(join(tmpdir(), "example-")), "rows.npy");
 * await writeFile(path, writeNpy(fromFloat32([1, 2, 3, 4, 5, 6], [3, 2])));
 * await using array = await openArray(path);
 * array.shape; // => [3, 2]
 * new Float32Array((await array.read(1, 2)).buffer); // => [3, 4, 5, 6]
 * ```
 */
export async function openArray(path: string, { tensor = "" }: { readonly tensor?: string } = {}): Promise<ArrayFile> {
  const source = await openFileSource(path);
  try {
    const found = path.endsWith(".npy") ? await npyArray(source) : await safetensorsArray(source, tensor);
    const { dtype, shape, offset } = found;
    const [rows, ...sizes] = shape;
    const rowBytes = byteLength(dtype, sizes);
    if (rows === undefined || typeof rowBytes === "string")
      throw new FormatError(
        { file: path },
        `an array without rows of whole bytes. Got ${dtype} (${shape.join(", ")}).`,
      );
    const { close } = source;
    return {
      dtype,
      shape,
      read: (first, count) => source.read(offset + first * rowBytes, count * rowBytes),
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

type Source = Awaited<ReturnType<typeof openFileSource>>;
type Found = Pick<ArrayFile, "dtype" | "shape"> & { readonly offset: number };

async function npyArray({ file, length, read }: Source): Promise<Found> {
  const head = await read(0, Math.min(length, mostNpyHeadBytes));
  const { description, isFortranOrder, shape, dataOffset: offset } = parseNpyHeader(head, file);
  const { dtype, reversedBytes = 1 } = parseNpyDescription(description) ?? {};
  if (dtype === undefined || isFortranOrder || reversedBytes > 1)
    throw new FormatError(
      { file, offset: 10 },
      `not an array that is read row by row. Got '${description}'${isFortranOrder ? " in Fortran's order" : ""}, expected little-endian numbers in C's order. Write it anew: numpy.save(file, numpy.ascontiguousarray(array)).`,
    );
  const expected = byteLength(dtype, shape);
  if (expected === length - offset) return { dtype, shape, offset };
  throw new FormatError(
    { file, offset },
    `data do not fit the shape. Got ${length - offset} bytes for ${dtype} (${shape.join(", ")}), expected ${expected}. Is the file cut off?`,
  );
}

async function safetensorsArray({ file, length, read }: Source, tensor: string): Promise<Found> {
  const headerLength = safetensorsHeaderLength(await read(0, Math.min(8, length)), length, file);
  const start = 8 + headerLength;
  const { entries } = parseSafetensorsHeader(await read(8, headerLength), length - start, file);
  const entry = entries.get(tensor);
  if (entry === undefined) throw unknownTensor("openArray", file, tensor, entries.keys());
  return { dtype: entry.dtype, shape: entry.shape, offset: start + entry.begin };
}
