/** Where elements lie: element [i, j, …] is `i·strides[0] + j·strides[1] + …` elements of `width` bytes from the first. */
export type Strided = {
  readonly shape: readonly number[];
  /** One for each axis, in elements. */
  readonly strides: readonly number[];
  readonly width: number;
};

/** Strided elements in row-major order. What lies in that order already is given as it is, without a copy. */
export function gatherStrided(bytes: Uint8Array, { shape, strides, width }: Strided): Uint8Array {
  if (bytes.length === 0 || isRowMajor(shape, strides)) return bytes;
  const elements = shape.reduce((product, size) => product * size, 1);
  const result = new Uint8Array(elements * width);
  const index = shape.map(() => 0);
  let from = 0;
  // `!`: shape, strides and index have an entry for each axis, and every element lies in the bytes.
  for (let to = 0; to < result.length; to += width) {
    for (let i = 0; i < width; i++) result[to + i] = bytes[from + i]!;
    // The next index, last axis fastest, and the element it stands for.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      from += strides[axis]! * width;
      if (index[axis]! < shape[axis]!) break;
      from -= shape[axis]! * strides[axis]! * width;
      index[axis] = 0;
    }
  }
  return result;
}

/** How far the last element lies from the first, in elements; beyond 2⁵³ rounded. Of no elements, 0. */
export function strideSpan(shape: readonly number[], strides: readonly number[]): number {
  if (shape.includes(0)) return 0;
  return strides.reduce((last, stride, axis) => last + ((shape[axis] ?? 1) - 1) * stride, 0);
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (const [axis, size] of [...shape.entries()].reverse()) {
    if (size !== 1 && strides[axis] !== expected) return false; // the stride of an axis of one element is never used
    expected *= size;
  }
  return true;
}
