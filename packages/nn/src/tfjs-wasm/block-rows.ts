import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import type { AttentionBlocks, AttentionPlan } from "./attention-blocks.ts";

// The way of rows into blocks and back: intoBlocks → stack → blockMatMul → unstack → fromBlocks, all in plain tfjs ops.

/** The rows of x in their blocks, heads apart: [count, length, heads, size]. */
export function intoBlocks(
  x: Float<"tokens hidden">,
  { count, length, rows }: AttentionBlocks,
  heads: number,
): tf.Tensor4D {
  return tf.reshape(tf.gather(x, tf.tensor1d(rows, "int32")), [count, length, heads, (x.shape[1] ?? 0) / heads]);
}

/** Blocks [count, length, heads, size] as a stack of one matrix a head and block, [count·heads, length, size] … */
export function stack(blocks: tf.Tensor4D): tf.Tensor3D {
  const [count, length, heads, size] = blocks.shape;
  return tf.reshape(tf.transpose(blocks, [0, 2, 1, 3]), [count * heads, length, size]);
}

/** … or of their transposes, [count·heads, size, length]. */
export function stackTransposed(blocks: tf.Tensor4D): tf.Tensor3D {
  const [count, length, heads, size] = blocks.shape;
  return tf.reshape(tf.transpose(blocks, [0, 2, 3, 1]), [count * heads, size, length]);
}

/** A stack [count·heads, length, size] as the rows of all slots, [count·length, hidden]. */
export function unstack(matrices: tf.Tensor3D, { count, length }: AttentionBlocks, heads: number): tf.Tensor2D {
  const size = matrices.shape[2];
  return tf.reshape(tf.transpose(tf.reshape(matrices, [count, heads, length, size]), [0, 2, 1, 3]), [
    count * length,
    heads * size,
  ]);
}

/** The rows of all groups' slots back in the order of the layout, 0 for rows of padding, in plain tfjs ops. */
export function fromBlocks(
  groups: readonly tf.Tensor2D[],
  plan: AttentionPlan,
  hidden: number,
): Float<"tokens hidden"> {
  const slots = groups.reduce((sum, { shape }) => sum + shape[0], 0);
  const padded = plan.slotOfRow.includes(slots);
  const parts = padded ? [...groups, tf.zeros<tf.Rank.R2>([1, hidden])] : [...groups];
  const [only, ...others] = parts;
  const all = only !== undefined && others.length === 0 ? only : tf.concat(parts, 0);
  return tf.gather(all, tf.tensor1d(plan.slotOfRow, "int32"));
}

/** With fewer multiplications than this in a product, calling the fast kernel for each takes longer than the scalar loop. */
const SMALL = 32768;

/**
 * The matrix products of a stack: y[i] = a[i]·b[i], with a [n, rows, inner] and b [n, inner, columns], in plain tfjs ops.
 *
 * tfjs-wasm has a fast kernel for two matrices and a scalar loop for stacks, so the stack is taken apart where that pays. Slices are
 * gathered because wasm's own `Slice` copies the whole tensor first.
 */
export function blockMatMul(a: tf.Tensor3D, b: tf.Tensor3D): tf.Tensor3D {
  const [n, rows, inner] = a.shape;
  const columns = b.shape[2];
  if (rows * inner * columns < SMALL) return tf.matMul(a, b);
  const products = Array.from({ length: n }, (_, i) =>
    tf.tidy(() => {
      const at = tf.tensor1d(Int32Array.of(i), "int32");
      return tf.matMul<tf.Tensor3D>(tf.gather(a, at), tf.gather(b, at));
    }),
  );
  return tf.concat(products, 0);
}
