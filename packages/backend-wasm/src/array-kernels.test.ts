import { ConfigError } from "@kindred/errors";
import { expectMutantToFail, floatsFromSeed } from "@kindred/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AdamwNumbers, ArrayKernels } from "@kindred/adamw";
import { wasmArrayKernels } from "./array-kernels.ts";
import { relaxedSimdWorks } from "@kindred/side-module";

const numbers: AdamwNumbers = {
  clip: 0.7,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-6,
  factor: -0.01,
  kept: 0.999,
};

const rounding = 2 ** -24;

/** One step in float64, of one weight. */
function reference([w, gradient, m, v]: number[], n: AdamwNumbers): number[] {
  const g = gradient! * n.clip;
  const first = n.beta1 * m! + (1 - n.beta1) * g;
  const second = n.beta2 * v! + (1 - n.beta2) * g * g;
  return [n.kept * w! + (n.factor * first) / (Math.sqrt(second) + n.epsilon), first, second];
}

const memories = {
  unshared: () => new WebAssembly.Memory({ initial: 2, maximum: 2 }),
  shared: () => new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true }),
  "above 2 GiB": () => new WebAssembly.Memory({ initial: 32770, maximum: 32770 }),
};

async function check(
  memory: WebAssembly.Memory,
  variant: "simd" | "relaxed" | "wide",
  change: (kernel: ArrayKernels) => ArrayKernels = (kernel) => kernel,
) {
  const kernel = change(await wasmArrayKernels(memory, { variant }));
  const sizes = fc.oneof(fc.constantFrom(0, 1, 7, 8, 9, 31), fc.nat(400));
  fc.assert(
    fc.property(sizes, fc.nat(999), (length, seed) => {
      // At the end of the memory, so that one number too many traps.
      const bytes = 4 * 4 * length;
      const arrays = [0, 1, 2, 3].map(
        (i) => new Float32Array(memory.buffer, memory.buffer.byteLength - bytes + 4 * i * length, length),
      );
      const [parameter, gradient, firstMoment, secondMoment] = arrays as [
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      for (const [i, array] of arrays.entries()) array.set(floatsFromSeed(seed + i, length));
      secondMoment.set(secondMoment.map(Math.abs));
      const before = Array.from({ length }, (_, i) => arrays.map((array) => array[i]!));
      const wanted = before.map((weight) => reference(weight, numbers));
      const squares = gradient.reduce((sum, x) => sum + x * x, 0);
      expect(Math.abs(kernel.sumOfSquares(gradient) - squares)).toBeLessThanOrEqual(1e-12 * squares);
      kernel.adamw({ parameter, gradient, first: firstMoment, second: secondMoment }, numbers);
      for (const [i, [w, m, v]] of wanted.entries()) {
        const [w0, g, m0, v0] = before[i]!;
        // Three roundings of numbers as large as what is added up, which may cancel; in the step they are divided by √v.
        const [inFirst, inSecond] = [3 * rounding * (Math.abs(m0!) + Math.abs(g!)), 3 * rounding * (v0! + g! * g!)];
        const inStep = Math.abs(numbers.factor) / (Math.sqrt(v!) + numbers.epsilon);
        expect(Math.abs(firstMoment[i]! - m!)).toBeLessThanOrEqual(inFirst);
        expect(Math.abs(secondMoment[i]! - v!)).toBeLessThanOrEqual(inSecond);
        expect(Math.abs(parameter[i]! - w!)).toBeLessThanOrEqual(3 * rounding * Math.abs(w0!) + 3 * inStep * inFirst);
      }
    }),
    { numRuns: 30 },
  );
}

describe.each(["simd", "relaxed", "wide"] as const)("the %s kernel", (variant) => {
  test.skipIf(variant !== "simd" && !relaxedSimdWorks()).each(Object.entries(memories))(
    "moves weights and moments as float64 does, in memory that is %s",
    async (_, memory) => check(memory(), variant),
  );
});

test("adds two arrays, into one of them too, as float64 does, rounded once", async () => {
  const memory = memories.shared();
  const { add } = await wasmArrayKernels(memory);
  fc.assert(
    fc.property(fc.nat(70), fc.nat(999), fc.boolean(), (length, seed, inPlace) => {
      const [a, b, c] = [0, 1, 2].map((i) => new Float32Array(memory.buffer, 1024 + 4 * i * length, length));
      a!.set(floatsFromSeed(seed, length));
      b!.set(floatsFromSeed(seed + 1, length));
      const wanted = a!.map((x, i) => x + b![i]!);
      const sum = inPlace ? b! : c!;
      add(a!, b!, sum);
      expect(sum).toEqual(wanted);
    }),
  );
});

test.each([
  ["forgets the decay", { kept: 1 }],
  ["moves too far", { factor: -0.0101 }],
  ["does not clip", { clip: 1 }],
])("the law notices a kernel that %s", async (_, fault) => {
  const change = ({ adamw, ...kernels }: ArrayKernels): ArrayKernels => ({
    ...kernels,
    adamw: (arrays, given) => adamw(arrays, { ...given, ...fault }),
  });
  await expectMutantToFail(() => check(memories.unshared(), "simd", change));
});

test("refuses an array that lies elsewhere", async () => {
  const { sumOfSquares } = await wasmArrayKernels(memories.unshared());
  expect(() => sumOfSquares(new Float32Array(3))).toThrow(ConfigError);
});
