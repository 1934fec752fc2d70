import { arbitraryFloat32Array, expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
// Threads run compiled code, so these tests use the build: `tsc -b packages/mesh`.
import { startMesh } from "../../dist/node/index.js";
import type { Mesh } from "../mesh.ts";
import { shardCounts, shardRows } from "../shard-rows.ts";

const program = (name: string) => new URL(`../../test-programs/${name}.mjs`, import.meta.url);

type Step = readonly [collective: string, argument?: unknown, options?: unknown];

describe.each([1, 2, 4])("on %i cores", async (cores) => {
  const mesh: Mesh = await startMesh({ cores, program: program("collectives") });
  afterAll(() => mesh.close());

  /** Runs one collective with an argument for each core; gives each core's result. */
  const run = async <T>(name: string, argumentOf: (core: number) => unknown, options?: unknown): Promise<T[]> => {
    const steps = Array.from({ length: cores }, (_, core): Step[] => [[name, argumentOf(core), options]]);
    return (await mesh.call("run", steps)).map((results) => (results as T[])[0]!);
  };

  const equalArrays = fc
    .nat(20)
    .chain((length) =>
      fc.array(arbitraryFloat32Array({ minLength: length, maxLength: length }), { minLength: cores, maxLength: cores }),
    );
  const anyArrays = fc.array(arbitraryFloat32Array({ maxLength: 9, special: true }), {
    minLength: cores,
    maxLength: cores,
  });

  /** The definition of a sum over cores: in core order in float64, rounded once. */
  const sumOf = (arrays: readonly Float32Array[]) =>
    arrays[0]!.map((first, i) => arrays.slice(1).reduce((sum, array) => sum + array[i]!, first));

  /** `assert` for laws that take a round trip to the cores. */
  const holds = <T>(arbitrary: fc.Arbitrary<T>, law: (value: T) => Promise<void>) =>
    fc.assert(fc.asyncProperty(arbitrary, law), { numRuns: 30 });

  test("allReduce is the sum over the cores, bit for bit the same on all", () =>
    holds(equalArrays, async (arrays) => {
      const results = await run("allReduce", (core) => arrays[core]);
      expect(results).toEqual(Array(cores).fill(sumOf(arrays)));
    }));

  test("allGather is concatenation in core order, lengths unequal or zero", () =>
    holds(anyArrays, async (arrays) => {
      const whole = Float32Array.from(arrays.flatMap((array) => [...array]));
      expect(await run("allGather", (core) => arrays[core])).toEqual(Array(cores).fill(whole));
    }));

  test("reduceScatter = shard∘allReduce", () =>
    holds(equalArrays, async (arrays) => {
      const sums = await run<Float32Array>("allReduce", (core) => arrays[core]);
      const shards = sums.map((sum, core) => {
        const { start, count } = shardRows(sum.length, cores, core);
        return sum.slice(start, start + count);
      });
      expect(await run("reduceScatter", (core) => arrays[core])).toEqual(shards);
    }));

  test("reduceScatter gives the counts that were asked for", () =>
    holds(fc.array(fc.nat(6), { minLength: cores, maxLength: cores }), async (counts) => {
      const length = counts.reduce((a, b) => a + b, 0);
      const array = Float32Array.from({ length }, (_, i) => i);
      let start = 0;
      const expected = counts.map((count) => {
        start += count;
        return array.slice(start - count, start).map((i) => i * cores);
      });
      expect(await run("reduceScatter", () => array, { counts })).toEqual(expected);
    }));

  test("broadcast gives every core what the root has", () =>
    holds(fc.tuple(equalArrays, fc.nat(cores - 1)), async ([arrays, root]) => {
      expect(await run("broadcast", (core) => arrays[core], root)).toEqual(Array(cores).fill(arrays[root]));
    }));

  test("arrays larger than the scratch pass in pieces", async () => {
    const length = 300_001; // 1.1 MiB: two pieces of 1 MiB
    const arrayOf = (core: number) => Float32Array.from({ length: length - core }, (_, i) => (i % 1000) + core);
    const equal = (core: number) => arrayOf(core).subarray(0, length - cores);
    const [gathered] = await run<Float32Array>("allGather", arrayOf);
    const [summed] = await run<Float32Array>("allReduce", equal);
    const parts = await run<Float32Array>("reduceScatter", equal);
    const [sent] = await run<Float32Array>("broadcast", equal, cores - 1);
    const all = Array.from({ length: cores }, (_, core) => arrayOf(core));
    const bytes = ({ buffer, byteOffset, byteLength }: Float32Array) => Buffer.from(buffer, byteOffset, byteLength);
    const same = (a: Float32Array, b: Float32Array) => bytes(a).equals(bytes(b)); // toEqual takes seconds
    expect(gathered!.length).toBe(all.reduce((sum, array) => sum + array.length, 0));
    let start = 0;
    for (const array of all) {
      expect(same(gathered!.slice(start, start + array.length), array)).toBe(true);
      start += array.length;
    }
    const sum = sumOf(all.map((_, core) => equal(core)));
    expect(same(summed!, sum)).toBe(true);
    expect(same(Float32Array.from(parts.flatMap((part) => [...part])), sum)).toBe(true);
    expect(same(sent!, equal(cores - 1).slice())).toBe(true);
  });

  test("every type of array is carried", async () => {
    for (const Type of [Float32Array, Float64Array, Int32Array, Uint32Array, Uint8Array]) {
      const results = await run("allReduce", (core) => Type.of(core, 1));
      expect(results).toEqual(Array(cores).fill(Type.of((cores * (cores - 1)) / 2, cores)));
    }
  });

  test("scalars are summed in float64 and gathered in core order", async () => {
    const value = (core: number) => 0.1 * (core + 1);
    const values = Array.from({ length: cores }, (_, core) => value(core));
    const sum = values.reduce((a, b) => a + b);
    expect(await run("allReduceScalar", value)).toEqual(Array(cores).fill(sum));
    expect(await run("allGatherScalar", value)).toEqual(Array(cores).fill(Float64Array.from(values)));
  });

  test("many small collectives in a row stay in step", async () => {
    const steps = (core: number): Step[] =>
      Array.from({ length: 300 }, (_, i): Step[] => [
        ["allReduceScalar", i + core],
        ["barrier"],
        ["allGatherScalar", i * core],
      ]).flat();
    const results = (await mesh.call(
      "run",
      Array.from({ length: cores }, (_, core) => steps(core)),
    )) as unknown[][];
    for (const result of results) expect(result).toEqual(results[0]);
    expect(results[0]![897]).toBe(299 * cores + (cores * (cores - 1)) / 2);
  });
});

test("shards are dealt as shardCounts says: another deal would be noticed", async () => {
  await using mesh = await startMesh({ cores: 2, program: program("collectives") });
  const array = Float32Array.of(1, 2, 3);
  const parts = (await mesh.call("run", [[["reduceScatter", array]], [["reduceScatter", array]]])) as Float32Array[][];
  const lengths = parts.map(([part]) => part!.length);
  expect(lengths).toEqual(shardCounts(3, 2));
  expectMutantToFail(() => expect(lengths).toEqual(shardCounts(3, 2).reverse()));
});
