import * as tf from "@tensorflow/tfjs-core";

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
