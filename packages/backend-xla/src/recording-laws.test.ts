import { cpu } from "@kindred/tensor";
import { describePlugins, expectMutantToFail } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  arbitraryToyCalls,
  implementWeighRows,
  runToy,
  type ToyCall,
  toyMatrix,
} from "../test-support/toy-programs.ts";
import { xla } from "./xla.ts";

/** A program, and the rows and numbers of the matrix that it begins with. */
type Run = { readonly program: readonly ToyCall[]; readonly rows: number; readonly seed: number };

/** Runs of a few programs of the same kinds of calls: each call has one of three sets of numbers. So what differs is one number, a shape, or all. */
const arbitraryRuns: fc.Arbitrary<Run[]> = fc
  .tuple(
    fc.array(arbitraryToyCalls(3), { minLength: 1, maxLength: 5 }),
    fc.array(
      fc.record({
        choices: fc.array(fc.nat(2), { minLength: 5, maxLength: 5 }),
        seed: fc.nat(99),
        rows: fc.integer({ min: 3, max: 4 }),
      }),
      { minLength: 2, maxLength: 4 },
    ),
  )
  .map(([steps, runs]) =>
    runs.map(({ choices, seed, rows }) => ({
      seed,
      rows,
      program: steps.flatMap((sets, i) => sets[choices[i] ?? 0] ?? []),
    })),
  );

function valuesOf({ program, rows, seed }: Run, work: (run: () => tf.Tensor[]) => tf.Tensor[]): number[][] {
  const tensors = work(() => {
    const first = toyMatrix(seed, rows);
    const results = runToy(program, first);
    first.dispose();
    return results;
  });
  const values = tensors.map((tensor) => [...tensor.shape, ...tensor.dataSync()]);
  tf.dispose(tensors);
  return values;
}

describePlugins("a program that is run again", ({ path }) => {
  let engine: Awaited<ReturnType<ReturnType<typeof xla>["start"]>>;
  beforeAll(async () => {
    await cpu().start();
    engine = await xla({ plugin: path, cacheFolder: false }).start();
    implementWeighRows();
  });
  afterAll(() => engine.stop());

  async function holds(ways: readonly ((run: () => tf.Tensor[]) => tf.Tensor[])[], runs: number): Promise<void> {
    const backend = tf.getBackend();
    await fc.assert(
      fc.asyncProperty(arbitraryRuns, async (all) => {
        for (const run of all) {
          tf.setBackend("cpu");
          const expected = valuesOf(run, (f) => f());
          tf.setBackend(backend);
          for (const way of ways) {
            for (const [i, values] of valuesOf(run, way).entries()) {
              // Sums of at most some hundred products of numbers below 2, in another order: 2⁻²³ of their sizes' sum, which is below 1e4 a product.
              const wanted = expected[i] ?? [];
              const largest = Math.max(1, ...wanted.map(Math.abs));
              expect(values).toBeCloseToArray(wanted, { tolerance: 1e-5 * largest });
            }
          }
        }
      }),
      { numRuns: runs },
    );
    expect(tf.memory().numTensors).toBe(0);
    expect(engine.client.live.buffers).toBe(0);
  }

  test("gives what tfjs's cpu gives, op by op and as work, whatever changed since it was recorded", async () => {
    const work = (run: () => tf.Tensor[]) => engine.devices!.on(0, run); // `!`: this engine has devices
    await holds([work, (run) => run()], 12);
  });

  test("is not what it was with another fixed number: a rule that leaves one out is noticed", async () => {
    implementWeighRows({ mutant: true });
    await expectMutantToFail(() => holds([(run) => run()], 40));
    implementWeighRows();
  });
});
