import { ShapeError } from "@kindred/errors";
import { byteLength } from "./byte-length.ts";
import type { Dtype } from "./dtype.ts";

/**
 * A tensor as it lies in a file: element type, shape, and its bytes, row-major and little-endian. A scalar has the
 * shape [].
 */
export type NamedTensor = {
  /** How each element is stored. */
  readonly dtype: Dtype;
  /** Sizes of the axes, outermost first. */
  readonly shape: readonly number[];
  /** The elements. After a read this is a view of the file's bytes, at any alignment. */
  readonly bytes: Uint8Array;
};

/** Refuses a tensor whose bytes are not as many as dtype and shape say. */
export function expectTensor(functionName: string, name: string, { dtype, shape, bytes }: NamedTensor): void {
  const expected = byteLength(dtype, shape);
  if (expected === bytes.length) return;
  const rule = typeof expected === "number" ? `expected ${expected} bytes` : `but ${expected}`;
  throw new ShapeError(
    `${functionName}: ${name} does not fit its shape. Got ${bytes.length} bytes for ${dtype} [${shape.join(", ")}], ${rule}.`,
    { name, dtype, shape, bytes: bytes.length },
  );
}
