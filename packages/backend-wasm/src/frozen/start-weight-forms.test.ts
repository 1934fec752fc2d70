import { ConfigError } from "@kindred/errors";
import { relaxedSimdWorks, twoMemoriesWork } from "@kindred/side-module";
import { expect, test } from "vitest";
import { startWeightForms } from "./start-weight-forms.ts";

const memory = () => new WebAssembly.Memory({ initial: 4, maximum: 4 });

test("two memories are refused where one is known", async () => {
  const options = { variant: "simd", weights: memory(), heap: memory() } as const;
  await expect(startWeightForms(options)).rejects.toThrow(ConfigError);
  await expect(startWeightForms(options)).rejects.toThrow("Got variant simd, expected relaxed or wide in Node 22");
});

test.skipIf(!relaxedSimdWorks() || !twoMemoriesWork())(
  'wrong numbers make "relaxed" of "wide", and a product runs from one memory to another',
  async () => {
    const [weights, heap] = [memory(), memory()];
    expect(await startWeightForms({ variant: "wide", weights, heap })).toMatchObject({ variant: "wide" });
    const { variant, float32 } = await startWeightForms({ variant: "wide", weights, heap }, async () => false);
    expect(variant).toBe("relaxed");
    new Float32Array(heap.buffer, 64, 4).set([1, 2, 3, 4]); // x [1, 2], and the weight [1, 2] behind it
    float32.pack({ weight: 72, out: 1, inner: 2, to: 64, scratch: 1024 });
    float32.linear({ x: 64, rows: 1, inner: 2, packed: 64, out: 1, bias: 0, y: 128, activated: false, scratch: 1024 });
    expect(new Float32Array(heap.buffer, 128, 1)[0]).toBe(11);
  },
);
