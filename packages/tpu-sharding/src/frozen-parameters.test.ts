import { adamw, type Optimizer } from "@kindred/adamw";
import type { ParameterSpec } from "@kindred/encoder";
import { soloCore } from "@kindred/mesh";
import { cpu } from "@kindred/tensor";
import { expectMutantToFail, floatsFromSeed } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { arrayStore } from "./array-store.ts";
import type { ParameterStore } from "./parameter-store.ts";
import { parameterShards, parameterViews, storeMemory } from "./store-memory.ts";
import { tensorStore } from "./tensor-store.ts";

beforeAll(async () => void (await cpu().start()));

const optimizer = adamw({ learningRate: () => 0.1, weightDecay: 0.5, groups: [{ names: ["frozen*"], frozen: true }] });
const trained: ParameterSpec[] = [
  { name: "weight", shape: [3, 2], kind: "matrix" },
  { name: "table", shape: [4, 2], kind: "table" },
];
const frozen: ParameterSpec[] = [
  { name: "frozen.table", shape: [5, 2], kind: "table" },
  { name: "frozen.weight", shape: [7], kind: "matrix" },
];
const size = ({ shape }: ParameterSpec) => shape.reduce((product, length) => product * length, 1);
const first = (spec: ParameterSpec) => floatsFromSeed(spec.name.length, size(spec));

type Made = { readonly store: ParameterStore; readonly slot: (name: string) => Float32Array | undefined };
const stores = {
  "of arrays": async (specs: readonly ParameterSpec[], own: Optimizer): Promise<Made> => {
    const memory = storeMemory(specs, {
      cores: 1,
      slots: own.slots,
      isFrozen: (spec) => own.isFrozen?.(spec) === true,
    });
    const views = parameterViews(memory.shards, memory.parameters);
    for (const spec of specs) views[spec.name]?.set(first(spec));
    const store = await arrayStore(soloCore(), memory, { engine: await cpu().start(), optimizer: own, maxGradNorm: 1 });
    const slots = parameterViews(memory.shards, memory.slots["second"] ?? new Float32Array());
    return { store, slot: (name) => slots[name] };
  },
  "of tensors": async (specs: readonly ParameterSpec[], own: Optimizer): Promise<Made> => {
    const values = Object.fromEntries(specs.map((spec) => [spec.name, first(spec)]));
    const store = tensorStore(soloCore(), values, { specs, optimizer: own, maxGradNorm: 1 });
    return { store, slot: (name) => store.slots["second"]?.[name]?.dataSync() as Float32Array | undefined };
  },
};

const step = ({ store }: Made, specs: readonly ParameterSpec[], at: number) => {
  for (const spec of specs) {
    const gradient = tf.tensor(floatsFromSeed(at + spec.name.length, size(spec)), [...spec.shape]);
    store.add(spec.name, gradient);
    gradient.dispose();
  }
  const { norm } = store.update(optimizer.numbers(at));
  const [value] = norm.dataSync();
  norm.dispose();
  return value;
};
const valuesOf = ({ store }: Made, { name }: ParameterSpec) => [...(store.parameters[name]?.dataSync() ?? [])];

test.each(Object.entries(stores))(
  "in a store %s what is frozen stays, whatever is added for it, and all else moves as if it were not there",
  async (_, make) => {
    const specs = [...frozen, ...trained].sort((a, b) => a.name.length - b.name.length); // some before, some behind
    const [alone, both] = [await make(trained, optimizer), await make(specs, optimizer)];
    for (let at = 0; at < 3; at++) {
      expect(step(both, at === 1 ? trained : specs, at)).toBe(step(alone, trained, at));
      for (const spec of trained) {
        expect(valuesOf(both, spec), spec.name).toEqual(valuesOf(alone, spec));
        expect(both.slot(spec.name)).toEqual(alone.slot(spec.name));
      }
      for (const spec of frozen) {
        expect(valuesOf(both, spec)).toEqual([...first(spec)]);
        expect(both.slot(spec.name)).toBeUndefined();
      }
    }
    const { isFrozen: _own, ...mutant } = optimizer;
    const counted = await make(specs, mutant);
    expectMutantToFail(() => expect(step(counted, specs, 0)).toBe(step(both, specs, 0)));
  },
);

test("a store of tensors holds nothing more for what is frozen, in a step and after it", async () => {
  const made = await stores["of tensors"]([...frozen, ...trained], optimizer);
  step(made, trained, 0);
  const before = tf.memory().numTensors;
  const gradient = tf.zeros([5, 2]);
  made.store.add("frozen.table", gradient);
  expect(tf.memory().numTensors).toBe(before + 1);
  gradient.dispose();
  step(made, trained, 1);
  expect(tf.memory().numTensors).toBe(before);
  expect(() => made.store.add("frozen.table", tf.zeros([3]))).toThrow("add: no such gradient");
});

test("cores share what is trained, evenly, and none owns anything of what is frozen", () => {
  const anySizes = fc.dictionary(fc.constantFrom("a", "b", "c", "d", "e"), fc.nat(20));
  const anyFrozen = fc.subarray(["a", "b", "c", "d", "e"]);
  fc.assert(
    fc.property(anySizes, anyFrozen, fc.integer({ min: 1, max: 5 }), (sizes, names, cores) => {
      const frozen = new Set(names);
      const shards = parameterShards(sizes, cores, { frozen });
      const owned = new Map<string, number>();
      for (const { name, length } of shards.shards.flatMap(({ pieces }) => pieces))
        owned.set(name, (owned.get(name) ?? 0) + length);
      for (const [name, length] of Object.entries(sizes))
        expect(owned.get(name) ?? 0, name).toBe(frozen.has(name) ? 0 : length);
      const lengths = shards.shards.map(({ length }) => length);
      expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
      const lengthsIn = (vector: number) =>
        Object.entries(parameterViews(shards, new Float32Array(vector))).map(([name, { length }]) => [name, length]);
      expect(Object.fromEntries(lengthsIn(shards.length))).toEqual(sizes);
      const trained = Object.entries(sizes).filter(([name, size]) => size > 0 && !frozen.has(name));
      expect(lengthsIn(shards.trained).filter(([, size]) => size !== 0)).toEqual(trained);
    }),
  );
});
