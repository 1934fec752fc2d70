import { type Float, valueAndGradients } from "@kindred/tensor";
import { describePlugins, floatsFromSeed } from "@kindred/testing";
import { allGatherOp, allReduceOp, type CorePlace, reduceScatterOp } from "@kindred/tpu-sharding";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { xla } from "../xla.ts";

const [cores, rows, hidden] = [4, 2, 3];
const own = (core: number) => floatsFromSeed(core, rows * hidden);
const all = (core: number) => floatsFromSeed(10 + core, cores * rows * hidden);
const each = <T>(of: (core: number) => T): T[] => Array.from({ length: cores }, (_, core) => of(core));
const summed = (arrays: readonly ArrayLike<number>[]) =>
  Array.from(arrays[0] ?? [], (_, i) => arrays.reduce((sum, array) => sum + (array[i] ?? Number.NaN), 0));
const part = (array: readonly number[], core: number) => array.slice(core * rows * hidden, (core + 1) * rows * hidden);

const mesh = (place: CorePlace) => ({ ...place, rows: each(() => rows) });
/** Each collective with its input, the gradient that comes to it, and what it and its gradient are on a core, in float64. */
const collectives = {
  allGather: {
    run: (x: Float, place: CorePlace): Float => allGatherOp({ x }, {}, mesh(place)),
    ...{ x: own, dy: all },
    y: () => each(own).flatMap((array) => [...array]),
    dx: (core: number) => part(summed(each(all)), core),
  },
  reduceScatter: {
    run: (x: Float, place: CorePlace): Float => reduceScatterOp({ x }, {}, mesh(place)),
    ...{ x: all, dy: own },
    y: (core: number) => part(summed(each(all)), core),
    dx: () => each(own).flatMap((array) => [...array]),
  },
  allReduce: {
    run: (x: Float, place: CorePlace): Float => allReduceOp({ x }, {}, place),
    ...{ x: own, dy: own },
    y: () => summed(each(own)),
    dx: () => summed(each(own)),
  },
};

// Sums of four numbers up to 2.
const tolerance = 4 * 2 ** -23;

describePlugins("over four devices", ({ path }) => {
  const engine = xla({ plugin: path, devices: cores, cacheFolder: false });

  test.each(Object.entries(collectives))(
    "%s and its gradient are as over cores",
    async (_name, { run, x, dy, y, dx }) => {
      const { devices, stop } = await engine.start();
      const matrix = (values: Float32Array): Float => tf.tensor2d(values, [values.length / hidden, hidden]);
      const results = devices!.together((index) => {
        const [input, upstream] = [matrix(x(index)), matrix(dy(index))];
        return valueAndGradients(() => run(input, { index, size: cores }), { input }, { upstream });
      });
      for (const [core, { value, gradients }] of results.entries()) {
        expect(value.dataSync()).toBeCloseToArray(y(core), { tolerance });
        expect(gradients.input!.dataSync()).toBeCloseToArray(dx(core), { tolerance });
      }
      stop();
    },
  );

  test("refuses devices with unequal numbers of rows", async () => {
    const { devices, stop } = await engine.start();
    const uneven = (index: number) => ({ index, size: cores, rows: [2, 1, 2, 2] });
    expect(() =>
      devices!.together((index) =>
        allGatherOp({ x: tf.ones([uneven(index).rows[index]!, hidden]) }, {}, uneven(index)),
      ),
    ).toThrow("allGather: the devices have unequal numbers of rows. Got [2, 1, 2, 2]");
    stop();
  });
});
