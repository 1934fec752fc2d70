import { readFileSync } from "node:fs";
import { FormatError } from "@kindred/errors";
import { readJson, sharedExists, sharedPath } from "@kindred/testing";
import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { fuzzRuns } from "../test-support/fuzz-runs.ts";
import { mutatedBytes } from "../test-support/mutated-bytes.ts";
import { type NamedTensor, readSafetensors, readTorchCheckpoint, toFloat32, writeSafetensors } from "./index.ts";
import { openSafetensors, openTorchCheckpoint } from "./node/index.ts";

type Good = {
  metadata: Record<string, string> | null;
  tensors: Record<string, GoldenTensor>;
  other?: Record<string, number | string>;
};
type GoldenTensor = { dtype: string; shape: number[]; values: (number | string | boolean)[] };
type Expected = { good: Record<string, Good>; bad: Record<string, { why: string }> };

const isHere = sharedExists("golden", "formats", "expected.json");
const { good, bad } = isHere
  ? readJson<Expected>(sharedPath("golden", "formats", "expected.json"))
  : { good: {}, bad: {} };
const only = <Case>(cases: Record<string, Case>, folder = "safetensors/") =>
  Object.entries(cases).filter(([file]) => file.startsWith(folder));

describe.skipIf(!isHere)("files of Python's safetensors", () => {
  test.for(only(good))("reads %s", async ([file, { metadata, tensors }]) => {
    const path = sharedPath("golden", "formats", file);
    const bytes = new Uint8Array(readFileSync(path));
    const read = readSafetensors(bytes, { file });
    expect({ ...read.metadata }).toEqual(metadata ?? {});
    expect([...read.tensors.keys()].sort()).toEqual(Object.keys(tensors).sort());
    await using open = await openSafetensors(path);
    for (const [name, golden] of Object.entries(tensors)) {
      const tensor = read.tensors.get(name)!;
      expect(tensor.shape).toEqual(golden.shape);
      expect(elements(tensor)).toEqual(golden.values.map(String));
      expect(await open.read(name)).toEqual(tensor);
      expectFloat32(tensor, golden.values);
    }
  });

  test.for(only(bad))("refuses %s, whole and opened", async ([file, { why }]) => {
    const path = sharedPath("golden", "formats", file);
    const error = catchError(() => readSafetensors(readFileSync(path), { file }));
    expect(error, why).toBeInstanceOf(FormatError);
    expect(error).toMatchObject({
      file,
      offset: expect.any(Number),
      message: expect.stringContaining(`${file} (byte `),
    });
    await expect(openSafetensors(path)).rejects.toThrow(FormatError);
  });

  test("writes the same file byte for byte", () => {
    const bytes = new Uint8Array(
      readFileSync(sharedPath("golden", "formats", "safetensors", "all-dtypes.safetensors")),
    );
    const { tensors, metadata } = readSafetensors(bytes);
    expect(writeSafetensors([...tensors].reverse(), { metadata })).toEqual(bytes);
  });
});

describe.skipIf(!isHere)("files of PyTorch's torch.save", () => {
  const dtypes: Record<string, string> = {
    float64: "F64",
    float32: "F32",
    float16: "F16",
    bfloat16: "BF16",
    int64: "I64",
    int32: "I32",
    int16: "I16",
    int8: "I8",
    uint8: "U8",
    bool: "BOOL",
  };

  test.for(only(good, "torch/"))("reads %s, whole and tensor by tensor", async ([file, { tensors, other }]) => {
    const path = sharedPath("golden", "formats", file);
    const read = await readTorchCheckpoint(new Uint8Array(readFileSync(path)), { file });
    expect([...read.tensors.keys()].sort()).toEqual(Object.keys(tensors).sort());
    expect(Object.fromEntries(read.values)).toEqual(other);
    await using open = await openTorchCheckpoint(path);
    for (const [name, golden] of Object.entries(tensors)) {
      const tensor = read.tensors.get(name)!;
      expect([tensor.dtype, tensor.shape]).toEqual([dtypes[golden.dtype], golden.shape]);
      expect(elements(tensor)).toEqual(golden.values.map(String));
      expect(await open.read(name)).toEqual({ ...tensor, bytes: new Uint8Array(tensor.bytes) });
    }
  });

  test.for(only(bad, "torch/"))("refuses %s, whole and opened", async ([file, { why }]) => {
    const path = sharedPath("golden", "formats", file);
    const error = await readTorchCheckpoint(readFileSync(path), { file }).catch((refusal: unknown) => refusal);
    expect(error, why).toBeInstanceOf(FormatError);
    expect(error).toMatchObject({ file, offset: expect.any(Number) });
    await expect(openTorchCheckpoint(path)).rejects.toThrow(FormatError);
  });

  test.for(only(good, "torch/"))("corrupting %s gives a FormatError or consistent tensors", async ([file]) => {
    const bytes = new Uint8Array(readFileSync(sharedPath("golden", "formats", file)));
    await fc.assert(
      fc.asyncProperty(mutatedBytes(fc.constant(bytes), bytes.length), async (mutated) => {
        const outcome = await readTorchCheckpoint(mutated, { file }).catch((error: unknown) => error);
        if (outcome instanceof Error && !(outcome instanceof FormatError)) throw outcome;
      }),
      { numRuns: fuzzRuns / 10 },
    );
  });
});

/** A float64 reading of the bits, element by element, written for this test alone. */
function elements({ dtype, bytes }: NamedTensor): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const read: Record<string, [width: number, (at: number) => number | bigint | boolean]> = {
    F64: [8, (at) => view.getFloat64(at, true)],
    F32: [4, (at) => view.getFloat32(at, true)],
    F16: [2, (at) => float(view.getUint16(at, true), 5, 10)],
    BF16: [2, (at) => float(view.getUint16(at, true), 8, 7)],
    I64: [8, (at) => view.getBigInt64(at, true)],
    U64: [8, (at) => view.getBigUint64(at, true)],
    I32: [4, (at) => view.getInt32(at, true)],
    U32: [4, (at) => view.getUint32(at, true)],
    I16: [2, (at) => view.getInt16(at, true)],
    U16: [2, (at) => view.getUint16(at, true)],
    I8: [1, (at) => view.getInt8(at)],
    U8: [1, (at) => view.getUint8(at)],
    BOOL: [1, (at) => view.getUint8(at) === 1],
  };
  const [width, element] = read[dtype]!;
  return Array.from({ length: bytes.length / width }, (_, i) => goldenText(element(i * width)));
}

/**
 * Golden JSON writes infinities and NaN as Python does, and −0 as -0.0, which JSON.parse reads as −0 and String as 0.
 */
function goldenText(value: number | bigint | boolean): string {
  return value === Infinity ? "inf" : value === -Infinity ? "-inf" : Number.isNaN(value) ? "nan" : String(value);
}

/** IEEE 754 by its definition: sign, exponent, fraction. */
function float(bits: number, exponentBits: number, fractionBits: number): number {
  const sign = bits >>> 15 === 1 ? -1 : 1;
  const exponent = (bits >>> fractionBits) & (2 ** exponentBits - 1);
  const fraction = (bits & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias);
}

function expectFloat32(tensor: NamedTensor, golden: (number | string | boolean)[]): void {
  const special: Record<string, number> = { inf: Infinity, "-inf": -Infinity, nan: NaN };
  const numbers = golden.map((value) =>
    typeof value === "string" ? (special[value] ?? Number(value)) : Number(value),
  );
  expect([...toFloat32(tensor)]).toEqual(numbers.map(Math.fround));
}

function catchError(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  return undefined;
}
