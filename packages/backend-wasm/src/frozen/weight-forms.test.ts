import { expectMutantToFail, floatsFromSeed } from "@kindred/testing";
import { relaxedSimdWorks, twoMemoriesWork } from "@kindred/side-module";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { instantiateKernels } from "../instantiate-kernels.ts";
import type { KernelVariant } from "../kernel-variant.ts";
import { instantiateFrozenKernels } from "./instantiate-frozen-kernels.ts";
import type { LinearCall, Packing, WeightForm } from "./weight-form.ts";
import { type WeightForms, weightForms } from "./weight-forms.ts";

// Products as their callers see them, on memories of their own: sizes on both sides of every tile, panel, block and stretch of columns.

const rowKinds = ["plain", "zeros", "constant", "tiny", "subnormal", "wide", "NaN", "Infinity", "-Infinity"] as const;
type RowKind = (typeof rowKinds)[number];

type Product = {
  readonly rows: number;
  readonly inner: number;
  readonly out: number;
  readonly hasBias: boolean;
  readonly activated: boolean;
  /** What the rows of x and of the weight are, in turn. */
  readonly xKinds: readonly RowKind[];
  readonly weightKinds: readonly RowKind[];
};

const product: fc.Arbitrary<Product> = fc.record({
  rows: fc.constantFrom(0, 1, 2, 4, 5, 6, 7, 13, 121),
  inner: fc.constantFrom(1, 3, 4, 8, 15, 16, 17, 40, 255, 521),
  out: fc.constantFrom(1, 3, 7, 8, 9, 16, 17, 40, 257),
  hasBias: fc.boolean(),
  activated: fc.boolean(),
  xKinds: fc.array(fc.constantFrom(...rowKinds), { minLength: 1, maxLength: 4 }),
  weightKinds: fc.array(fc.constantFrom<RowKind>("plain", "zeros", "constant", "tiny", "NaN"), {
    minLength: 1,
    maxLength: 4,
  }),
});

/** A matrix of numbers up to 2, whose rows are of these kinds in turn. */
function matrix(seed: number, rows: number, columns: number, kinds: readonly RowKind[]): Float32Array {
  const numbers = floatsFromSeed(seed, rows * columns);
  return numbers.map((number, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const kind = kinds[row % kinds.length] ?? "plain";
    const odd = column === row % columns;
    switch (kind) {
      case "plain":
        return number;
      case "zeros":
        return odd ? -0 : 0;
      case "constant":
        return 1.7;
      case "tiny":
        return number * 1e-20;
      case "subnormal":
        return number * 1e-42;
      case "wide":
        return odd ? 3e38 : -3e38;
      default:
        return odd ? Number(kind) : number;
    }
  });
}

type Case = { readonly x: Float32Array; readonly weight: Float32Array; readonly bias: Float32Array } & Product;
type Change = {
  readonly packing?: (packing: Packing) => Partial<Packing>;
  readonly call?: (call: LinearCall) => Partial<LinearCall>;
};

const untouched = 12345.5;

/** Runs a form; what it gives, and what it has packed. It must write nowhere else. */
function run(
  form: WeightForm,
  { weights, heap }: { readonly weights: WebAssembly.Memory; readonly heap: WebAssembly.Memory },
  { x, weight, bias, rows, inner, out, hasBias, activated }: Case,
  { packing: changePacking = () => ({}), call: changeCall = () => ({}) }: Change = {},
): { readonly y: Float32Array; readonly packed: Uint8Array } {
  let end = 64;
  const place = (memory: WebAssembly.Memory, bytes: number, values?: Float32Array) => {
    const at = end;
    new Float32Array(memory.buffer, at, Math.ceil(bytes / 4) + 16).fill(untouched); // 16 beyond it
    if (values) new Float32Array(memory.buffer, at, values.length).set(values);
    end = Math.ceil((at + bytes + 64) / 64) * 64;
    return {
      at,
      isKept: () =>
        new Float32Array(memory.buffer, at + Math.ceil(bytes / 4) * 4, 16).every((value) => value === untouched),
    };
  };
  const at = {
    x: place(heap, 4 * x.length, x),
    weight: place(heap, 4 * weight.length, weight),
    bias: place(heap, 4 * out, bias),
    y: place(heap, 4 * rows * out),
    packed: place(weights, form.bytes(out, inner)),
    packScratch: place(weights, form.packScratchBytes(inner)),
    scratch: place(weights, form.scratchBytes(rows, inner, out)),
  };
  const packing: Packing = { weight: at.weight.at, out, inner, to: at.packed.at, scratch: at.packScratch.at };
  form.pack({ ...packing, ...changePacking(packing) });
  const packed = new Uint8Array(weights.buffer, at.packed.at, form.bytes(out, inner)).slice();
  const call: LinearCall = {
    ...{ x: at.x.at, rows, inner, packed: at.packed.at, out, bias: hasBias ? at.bias.at : 0, y: at.y.at, activated },
    scratch: at.scratch.at,
  };
  form.linear({ ...call, ...changeCall(call) });
  for (const [name, { isKept }] of Object.entries(at)) if (!isKept()) expect.fail(`written beyond ${name}`);
  const after = new Uint8Array(weights.buffer, at.packed.at, packed.length);
  if (Buffer.compare(packed, after) !== 0) expect.fail("the packed weight is written by a product");
  return { y: new Float32Array(heap.buffer, at.y.at, rows * out).slice(), packed };
}

/** y and Σ |x·w| + |bias|, row by row, in float64. */
function reference({ x, weight, bias, rows, inner, out, hasBias, activated }: Case) {
  const left = activated ? Float64Array.from(x, gelu) : x;
  const [y, size] = [new Float64Array(rows * out), new Float64Array(rows * out)];
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < out; j++) {
      let sum = hasBias ? bias[j]! : 0;
      let all = Math.abs(sum);
      for (let k = 0; k < inner; k++) {
        const term = left[i * inner + k]! * weight[j * inner + k]!;
        sum += term;
        all += Math.abs(term);
      }
      [y[i * out + j], size[i * out + j]] = [sum, all];
    }
  return { y, size };
}

/** Each element of y within a tolerance of the reference, and finite as it is; sums of numbers as large as float32 holds may overflow. */
function expectNear(
  y: Float32Array,
  wanted: Float64Array,
  size: Float64Array,
  tolerance: (at: number) => number,
): void {
  y.forEach((value, at) => {
    const exact = wanted[at]!;
    const isRight = Number.isFinite(exact)
      ? Math.abs(value - exact) <= tolerance(at) || (size[at]! > 1e38 && !Number.isFinite(value))
      : !Number.isFinite(value);
    if (!isRight) expect.fail(`[${at}] is ${value}, not ${exact}`);
  });
}

/** Roundings of `inner` products and sums (Higham 2002, section 3.1), products of subnormal numbers, and GELU, which is good to 4e-7. */
function floatTolerance(one: Case, size: Float64Array, weightError = 0) {
  const ofGelu = one.activated ? 2 * 4e-7 * one.inner : 0;
  return (at: number) => ((one.inner + 3) * 2 ** -24 + weightError) * size[at]! + ofGelu + one.inner * 2 ** -148;
}

/** What `int8` gives, step by step, in the arithmetic of float32. */
function integerReference({ x, weight, bias, rows, inner, out, hasBias }: Case): Float32Array {
  const { fround } = Math;
  const nearest = (value: number) => fround(fround(value) + 12582912) - 12582912; // half to even, as `quantize.ts` says
  const columns = Array.from({ length: out }, (_, j) => {
    const row = weight.subarray(j * inner, (j + 1) * inner);
    const largest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const inverse = largest > fround(1e-36) ? fround(63 / largest) : 0;
    const numbers = row.map((value) => nearest(value * inverse));
    const scale = inverse === 0 ? (Number.isFinite(largest) ? 0 : NaN) : fround(largest / 63);
    return { numbers, scale, offset: fround(scale * numbers.reduce((sum, value) => sum + value, 0)) };
  });
  const y = new Float32Array(rows * out);
  for (let i = 0; i < rows; i++) {
    const row = x.subarray(i * inner, (i + 1) * inner);
    const isWhole = row.every(Number.isFinite);
    const [least, largest] = [Math.min(...row), Math.max(...row)];
    const width = fround(largest - least);
    const isWide = width > fround(1e-36);
    const inverse = isWide ? fround(255 / width) : 0;
    const numbers = row.map((value) => nearest(fround(value - least) * inverse) - 128);
    const scale = isWhole ? (isWide ? fround(width / 255) : 0) : NaN;
    const middle = fround(least + 128 * scale);
    columns.forEach((column, j) => {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += numbers[k]! * column.numbers[k]!;
      const product = fround(fround(sum) * fround(scale * column.scale));
      y[i * out + j] = product + fround(fround(middle * column.offset) + (hasBias ? bias[j]! : 0));
    });
  }
  return y;
}

function gelu(x: number): number {
  return Math.abs(x) === Infinity ? Math.max(x, 0) : 0.5 * x * (1 + erf(x / Math.SQRT2));
}

/** erf(x) = 2/√π·e^(−x²)·Σ 2ⁿx²ⁿ⁺¹/(2n + 1)!! (Abramowitz and Stegun, 7.1.6). */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let [sum, term] = [0, x];
  for (let n = 0; Math.abs(term) > 1e-17; n++) {
    sum += term;
    term *= (2 * x * x) / (2 * n + 3);
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

const withNumbers = (one: Product): Case => ({
  ...one,
  x: matrix(1, one.rows, one.inner, one.xKinds),
  weight: matrix(2, one.out, one.inner, one.weightKinds),
  bias: floatsFromSeed(3, one.out),
});

const square = withNumbers({
  ...{ rows: 17, inner: 17, out: 17, hasBias: true, activated: true, xKinds: ["plain"], weightKinds: ["plain"] },
});

const variants = (["simd", "relaxed", "wide"] as const).filter(
  (variant) => variant === "simd" || (relaxedSimdWorks() && twoMemoriesWork()),
);

/** Memories of a variant: apart, with shared weights, where it can be. */
function memoriesOf(variant: KernelVariant) {
  const heap = new WebAssembly.Memory({ initial: 128, maximum: 65536 });
  const apart = () => new WebAssembly.Memory({ initial: 128, maximum: 65536, shared: true });
  return { heap, weights: variant === "simd" ? heap : apart() };
}

describe.each(variants)("with the %s kernels", (variant) => {
  const memories = memoriesOf(variant);
  let forms: WeightForms;
  let byInstruction: readonly WeightForm[];
  beforeAll(async () => {
    const exports = await instantiateFrozenKernels(variant, memories.weights, memories.heap);
    forms = weightForms(variant, exports);
    byInstruction = [weightForms(variant, exports, 1).int8, weightForms(variant, exports, 2).int8, forms.int8];
  });

  /** A float form is float64's, by weights that are off by half a step of their last bit at most. */
  function checkFloats(name: "float32" | "bfloat16", one: Case, change?: Change) {
    const { y } = run(forms[name], memories, one, change);
    const { y: wanted, size } = reference(one);
    expectNear(y, wanted, size, floatTolerance(one, size, name === "bfloat16" ? 2 ** -8 : 0));
  }

  test.each(["float32", "bfloat16"] as const)("%s is float64's, and writes nowhere else", (name) => {
    fc.assert(
      fc.property(product, (one) => checkFloats(name, withNumbers(one))),
      { numRuns: 40 },
    );
  });

  test("float32 has the bits of the product by a weight packed for it, whatever it is multiplied with", async () => {
    const exports = await instantiateKernels(variant, memories.heap);
    for (const [rows, inner] of [
      [1, 768],
      [250, 40],
      [61, 3072],
    ] as const) {
      const one = withNumbers({ ...square, rows, inner, out: 64, xKinds: ["plain"], weightKinds: ["plain"] });
      const { y } = run(forms.float32, memories, one);
      const [x, weight, bias, other, scratch] = [1 << 16, 1 << 20, 1 << 21, 3 << 20, 4 << 20];
      for (const [at, values] of [
        [x, one.x],
        [weight, one.weight],
        [bias, one.bias],
      ] as const)
        new Float32Array(memories.heap.buffer, at, values.length).set(values);
      exports.packWeight(weight, 64, inner, scratch);
      const free = scratch + 4 * 64 * inner;
      exports.matmul(64 + 8, rows, 64, inner, x, inner, scratch, inner, other, 64, bias, 0, free);
      expect(Buffer.compare(Buffer.from(y.buffer), Buffer.from(memories.heap.buffer, other, y.byteLength))).toBe(0);
    }
  });

  test("bfloat16 weights are those nearest to float32's, half to even", () => {
    const bits = Uint32Array.of(0x3f808000, 0x3f818000, 0x3f808001, 0x3f807fff, 0x7f800001, 0xff7fffff, 0x80000000);
    const expected = Uint32Array.of(0x3f800000, 0x3f820000, 0x3f810000, 0x3f800000, NaN, 0xff800000, 0x80000000);
    const weight = new Float32Array(bits.buffer);
    const one = {
      ...square,
      rows: 1,
      inner: 1,
      out: 7,
      hasBias: false,
      activated: false,
      x: Float32Array.of(1),
      weight,
      bias: new Float32Array(7),
    };
    const { y } = run(forms.bfloat16, memories, one);
    expect(y[4]).toBeNaN();
    expected[4] = new Uint32Array(y.buffer)[4]!;
    expected[6] = new Uint32Array(y.buffer)[6]!; // the bias, 0, and −0 make 0
    expect(new Uint32Array(y.buffer)).toEqual(expected);
  });

  test("int8 has the bits of its formula, by every instruction", () => {
    const law = (change?: Change) =>
      fc.assert(
        fc.property(product, (sizes) => {
          const one = withNumbers({ ...sizes, activated: false });
          const wanted = integerReference(one);
          for (const form of byInstruction) {
            const { y } = run(form, memories, one, change);
            y.forEach((value, at) => {
              // A range that overflows float32 gives no number.
              const isRight = Number.isFinite(wanted[at]!) ? value === wanted[at] : !Number.isFinite(value);
              if (!isRight) expect.fail(`[${at}] is ${value}, not ${wanted[at]}`);
            });
          }
        }),
        { numRuns: 30, seed: 5 },
      );
    law();
    expectMutantToFail(() => law({ call: ({ inner }) => ({ inner: Math.max(inner - 1, 1) }) }));
    expectMutantToFail(() => law({ call: ({ x }) => ({ x: x + 4 }) }));
    expectMutantToFail(() => law({ call: ({ activated }) => ({ activated: !activated }) }));
    expectMutantToFail(() => law({ packing: ({ weight }) => ({ weight: weight + 4 }) }));
  });

  test("int8 is off by no more than half a step of each number", () => {
    fc.assert(
      fc.property(product, (sizes) => {
        const finite = sizes.xKinds.filter((kind) => kind !== "wide" && Number.isNaN(Number(kind)) && kind !== "NaN");
        const one = withNumbers({
          ...sizes,
          xKinds: ["plain", ...finite],
          weightKinds: ["plain", "zeros", "constant"],
        });
        const { inner, out, activated, x, weight } = one;
        const { y: wanted, size } = reference(one);
        const { y } = run(forms.int8, memories, one);
        const rows = factors(activated ? Float64Array.from(x, gelu) : x, inner);
        const columns = factors(weight, inner);
        expectNear(y, wanted, size, (at) => {
          const [row, column] = [rows[Math.floor(at / out)]!, columns[at % out]!];
          const [step, weightStep] = [row.width / 255 / 2 + (activated ? 1e-6 : 0), column.largest / 63 / 2];
          // (x + δ)(w + ε) − x·w, and 8 roundings of numbers as large as all of them. A range below 1e-36 is none.
          const off = step * column.sum + weightStep * row.sum + inner * step * weightStep;
          return off * 1.001 + 8 * 2 ** -24 * (size[at]! + inner * row.largest * column.largest + off) + inner * 2e-36;
        });
      }),
      { numRuns: 30 },
    );
  });

  test("a row that is not finite gives NaN in int8, and the rows beside it are as they were", () => {
    for (const kind of ["NaN", "Infinity", "-Infinity"] as const) {
      const sizes = { ...square, rows: 20, out: 40, inner: 33, activated: false };
      const { y: spoilt } = run(forms.int8, memories, withNumbers({ ...sizes, xKinds: ["plain", kind] }));
      const { y: whole } = run(forms.int8, memories, withNumbers({ ...sizes, xKinds: ["plain"] }));
      spoilt.forEach((value, at) => {
        expect(value).toBe(Math.floor(at / 40) % 2 === 1 ? NaN : whole[at]);
      });
    }
  });

  test("scratch for many rows is enough for fewer, and bounded", () => {
    for (const form of [forms.float32, forms.bfloat16, forms.int8])
      fc.assert(
        fc.property(
          fc.nat(300),
          fc.integer({ min: 1, max: 4096 }),
          fc.integer({ min: 1, max: 4096 }),
          (rows, inner, out) => {
            expect(form.scratchBytes(rows, inner, out)).toBeLessThanOrEqual(form.scratchBytes(2 ** 30, inner, out));
            expect(form.scratchBytes(rows, inner, out)).toBeLessThanOrEqual(form.scratchBytes(rows + 1, inner, out));
            expect(form.scratchBytes(2 ** 30, inner, out)).toBeLessThanOrEqual(2 ** 21);
          },
        ),
      );
  });

  const mutants: [fault: string, change: Change][] = [
    ["a bias that is one off", { call: ({ bias }) => ({ bias: bias + 4 }) }],
    ["no bias", { call: () => ({ bias: 0 }) }],
    ["the last column skipped", { call: ({ out }) => ({ out: out - 1 }) }],
    ["the last row skipped", { call: ({ rows }) => ({ rows: rows - 1 }) }],
    ["x one number off", { call: ({ x }) => ({ x: x + 4 }) }],
    ["no activation", { call: () => ({ activated: false }) }],
    ["a weight one row off", { packing: ({ weight, inner }) => ({ weight: weight + 4 * inner }) }],
    ["a weight packed as if it were narrower", { packing: ({ inner }) => ({ inner: inner - 1 }) }],
  ];
  test.each(mutants)("would notice %s", (_, change) => {
    for (const name of ["float32", "bfloat16"] as const) {
      checkFloats(name, square);
      expectMutantToFail(() => checkFloats(name, square, change));
    }
  });
});

test("int8 gives the same bits by every variant", async () => {
  const one = withNumbers({ ...square, rows: 37, inner: 521, out: 300, activated: false, xKinds: ["plain", "tiny"] });
  const results = await Promise.all(
    variants.map(async (variant) => {
      const memories = memoriesOf(variant);
      const exports = await instantiateFrozenKernels(variant, memories.weights, memories.heap);
      return run(weightForms(variant, exports).int8, memories, one).y;
    }),
  );
  for (const y of results) expect(y).toEqual(results[0]);
});

/** Of each row of a matrix: from its least to its largest number, and the largest and the sum of what they are without signs. */
function factors(matrix: Float32Array | Float64Array, inner: number) {
  return Array.from({ length: matrix.length / inner }, (_, i) => {
    const row = Array.from(matrix.subarray(i * inner, (i + 1) * inner));
    const sizes = row.map(Math.abs);
    const width = Math.max(...row) - Math.min(...row);
    return { width, largest: Math.max(...sizes), sum: sizes.reduce((sum, size) => sum + size) };
  });
}
