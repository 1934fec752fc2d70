import { attention, geluLinear, linear, meanPool, packWeight } from "@kindred/nn";
import { type Float, packed, type RunningEngine, valueAndGradients } from "@kindred/tensor";
import { describePlugins, expectMutantToFail, floatsFromSeed } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { xla } from "../xla.ts";

const [rows, inner, out] = [48, 96, 32];
const x = floatsFromSeed(1, rows * inner);
const weight = floatsFromSeed(2, out * inner);
const dy = floatsFromSeed(3, rows * out);

/** The nearest number of 8 significant bits, ties to the even one. */
function toBfloat16(value: number): number {
  const float = Float32Array.of(value);
  const bits = new Uint32Array(float.buffer);
  const [word = 0] = bits;
  bits[0] = ((word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000) >>> 0;
  return float[0] ?? Number.NaN;
}
const exactly = (value: number) => value;

/** Σ a[aAt(row, k)]·b[bAt(column, k)] over k, in float64, of factors that are rounded first. */
function product(
  [a, aAt]: readonly [Float32Array, (row: number, k: number) => number],
  [b, bAt]: readonly [Float32Array, (column: number, k: number) => number],
  { height, width, depth, round }: { height: number; width: number; depth: number; round: (value: number) => number },
): number[] {
  return Array.from({ length: height * width }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < depth; k++) {
      sum += round(a[aAt(Math.floor(at / width), k)]!) * round(b[bAt(at % width, k)]!);
    }
    return sum;
  });
}

/** Sums of up to 96 products of numbers up to 2, in float32: a tenth of what rounding the factors to 8 bits does. */
const tolerance = 96 * 4 * 2 ** -24;

function expected(round: (value: number) => number) {
  return {
    y: product([x, (row, k) => row * inner + k], [weight, (column, k) => column * inner + k], {
      ...{ height: rows, width: out, depth: inner, round },
    }),
    dx: product([dy, (row, k) => row * out + k], [weight, (column, k) => k * inner + column], {
      ...{ height: rows, width: inner, depth: out, round },
    }),
    dWeight: product([dy, (row, k) => k * out + row], [x, (column, k) => k * inner + column], {
      ...{ height: out, width: inner, depth: rows, round },
    }),
  };
}

function linearOn(): { [name: string]: Float32Array } {
  const [input, matrix] = [tf.tensor2d(x, [rows, inner]), tf.tensor2d(weight, [out, inner])];
  const upstream = tf.tensor2d(dy, [rows, out]);
  const { value, gradients } = valueAndGradients(() => linear(input, matrix), { input, matrix }, { upstream });
  const tensors = { y: value, dx: gradients.input, dWeight: gradients.matrix };
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, tensor!.dataSync() as Float32Array]),
  );
}

describePlugins("linear maps", ({ path }) => {
  test.each(["float32", "bfloat16"] as const)(
    "of %s: linear's value and gradients are those of its factors",
    async (products) => {
      await on(xla({ plugin: path, products, cacheFolder: false }), () => {
        const got = linearOn();
        const check = (round: (value: number) => number) => {
          for (const [name, values] of Object.entries(expected(round))) {
            expect(got[name]!, name).toBeCloseToArray(values, { tolerance });
          }
        };
        check(products === "float32" ? exactly : toBfloat16);
        expectMutantToFail(() => check(products === "float32" ? toBfloat16 : exactly));
      });
    },
  );

  test("by a packed weight they are the same, bit by bit", async () => {
    for (const products of ["float32", "bfloat16"] as const) {
      await on(xla({ plugin: path, products, cacheFolder: false }), () => {
        const [input, matrix] = [tf.tensor2d(x, [rows, inner]), tf.tensor2d(weight, [out, inner])];
        const packedMatrix = packWeight(matrix);
        packedMatrix.dataSync(); // made by a program of its own, as a model's weights are
        for (const map of [linear, geluLinear] as const) {
          expect(map(input, packedMatrix).dataSync()).toEqual(map(input, matrix).dataSync());
        }
      });
    }
  });

  test("of attention and pooling are float32 always", async () => {
    const run = () => {
      const layout = packed([30, 18]);
      const hidden = tf.tensor2d(x, [rows, inner]);
      const bias: Float<"heads distances"> = tf.tensor2d(floatsFromSeed(4, 2 * 59), [2, 59]);
      const f = () => meanPool(attention(hidden, hidden, hidden, bias, { layout, heads: 2 }), { layout });
      const upstream = tf.tensor2d(floatsFromSeed(5, 2 * inner), [2, inner]);
      const { value, gradients } = valueAndGradients(f, { hidden, bias }, { upstream });
      return [value, gradients.hidden, gradients.bias].map((tensor) => tensor!.dataSync());
    };
    const exact = await on(xla({ plugin: path, cacheFolder: false }), run);
    expect(await on(xla({ plugin: path, products: "bfloat16", cacheFolder: false }), run)).toEqual(exact);
  });
});

async function on<T>(engine: { readonly start: () => Promise<RunningEngine> }, work: () => T): Promise<T> {
  const running = await engine.start();
  try {
    return work();
  } finally {
    running.stop();
  }
}
