import { FormatError } from "@kindred/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fuzzRuns } from "../test-support/fuzz-runs.ts";
import { mutatedBytes } from "../test-support/mutated-bytes.ts";
import {
  type Checkpoint,
  importOf,
  int,
  pickle,
  pickledView,
  type State,
  torchDtypes,
  torchStream,
  torchZip,
  tuple,
  type View,
  zip,
} from "../test-support/torch-file.ts";
import { byteLength, dtypeBits } from "./named-tensor.ts";
import { readTorchCheckpoint } from "./index.ts";

const f32 = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const view = (storage: string, shape: number[], strides: number[], offset = 0): View => ({
  storage,
  dtype: "F32",
  shape,
  strides,
  offset,
});
const small: Checkpoint = {
  state: new Map<string, View | State | number | string>([
    ["epoch", 3],
    ["model", new Map([["weight", view("0", [2, 3], [3, 1])]])],
    ["turned", view("0", [3, 2], [1, 3])],
    ["last", view("0", [], [], 5)],
    ["twice", view("0", [2, 2], [0, 1], 1)],
  ]),
  storages: new Map([["0", f32(1, 2, 3, 4, 5, 6)]]),
};
const forms = {
  zip: (checkpoint: Checkpoint) => torchZip(checkpoint),
  "deflated zip": (checkpoint: Checkpoint) => torchZip(checkpoint, { deflated: true }),
  stream: torchStream,
};

describe.each(Object.entries(forms))("%s", (_, write) => {
  test("views come out row-major, under dotted names, values beside them", async () => {
    const { tensors, values } = await readTorchCheckpoint(write(small), { file: "m.bin" });
    const floats = [...tensors].map(([name, { shape, bytes }]) => [
      name,
      shape,
      [...new Float32Array(bytes.slice().buffer)],
    ]);
    expect(floats).toEqual([
      ["model.weight", [2, 3], [1, 2, 3, 4, 5, 6]],
      ["turned", [3, 2], [1, 4, 2, 5, 3, 6]],
      ["last", [], [6]],
      ["twice", [2, 2], [2, 3, 2, 3]],
    ]);
    expect([...values]).toEqual([["epoch", 3]]);
  });

  test("any dtype, shape, strides and offset within the storage gives the elements that they name", async () => {
    await fc.assert(
      fc.asyncProperty(checkpoints, async (checkpoint) => {
        const { tensors } = await readTorchCheckpoint(write(checkpoint));
        expect(tensors.size).toBe(checkpoint.state.size);
        for (const [name, item] of checkpoint.state) {
          const { dtype, shape, strides, offset, storage } = item as View;
          const read = tensors.get(name)!;
          expect([read.dtype, read.shape]).toEqual([dtype, shape]);
          expect([...read.bytes]).toEqual(
            naiveGather(checkpoint.storages.get(storage)!, { dtype, shape, strides, offset }),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  test("a corrupted file is a consistent one or refused by a FormatError with its name and an offset", async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(mutatedBytes(checkpoints.map(write), 400), async (bytes) => {
        const outcome = await readTorchCheckpoint(bytes, { file: "m.bin" }).catch((error: unknown) => error);
        if (outcome instanceof Error) {
          if (!(outcome instanceof FormatError)) throw outcome;
          expect(outcome).toMatchObject({ file: "m.bin", offset: expect.any(Number) });
          refused += 1;
          return;
        }
        const { tensors } = outcome as Awaited<ReturnType<typeof readTorchCheckpoint>>;
        for (const { dtype, shape, bytes: read } of tensors.values())
          expect(read.length).toBe(byteLength(dtype, shape));
      }),
      { numRuns: fuzzRuns },
    );
    expect(refused).toBeGreaterThan(fuzzRuns / 2);
  }, 600_000);
});

describe("refuses, naming the rule,", () => {
  const dict = (...members: number[][]) => pickle([0x7d, 0x28, ...members.flat(), 0x75]);
  const key = (letter: string) => [0x8c, 1, letter.charCodeAt(0)];
  const tensor = (changes: Partial<View>, elements = 6) =>
    pickledView({ ...view("0", [2, 3], [3, 1]), ...changes }, elements, false);
  const repeated = (times: number) => {
    // a dictionary that holds the one below it twice, `times` levels deep
    let tree = tensor({});
    for (let level = 0; level < times; level++) {
      const put = [0x71, level];
      tree = [0x7d, 0x28, ...key("a"), ...tree, ...put, ...key("b"), 0x68, level, 0x75];
    }
    return pickle(tree);
  };
  test.each<[string, number[], RegExp]>([
    ["an import outside the list", dict(key("a"), importOf("os", "system")), /the import os\.system is not allowed/],
    ["an import from another module of torch", dict(key("a"), importOf("torch", "load")), /the import torch\.load/],
    [
      "a call of what is only a name",
      dict(key("a"), [...importOf("torch", "FloatStorage"), 0x29, 0x52]),
      /cannot be called/,
    ],
    ["an opcode outside the list", dict(key("a"), [0x29, 0x81]), /NEWOBJ: this opcode is not allowed/],
    ["a byte that is no opcode", dict(key("a"), [0xfe]), /0xfe: this opcode/],
    ["a shape beyond the storage", dict(key("a"), tensor({ shape: [3, 3] })), /beyond its storage/],
    ["strides beyond the storage", dict(key("a"), tensor({ strides: [4, 1] })), /beyond its storage/],
    ["an offset beyond the storage", dict(key("a"), tensor({ offset: 1 })), /beyond its storage/],
    [
      "a shape whose product overflows",
      dict(key("a"), tensor({ shape: [2 ** 52, 2 ** 52], strides: [0, 0] })),
      /overflow/,
    ],
    ["a storage of another length", dict(key("a"), tensor({}, 7)), /got 24 bytes, expected the 28/],
    ["a storage with two lengths", dict(key("a"), tensor({}), key("b"), tensor({}, 7)), /two lengths/],
    ["repetition without end", dict(key("a"), tensor({ shape: [2 ** 30], strides: [0] })), /repeat their elements/],
    ["a tree that doubles 40 times", repeated(40), /unfold to more/],
    ["a tree within itself", pickle([0x7d, 0x71, 0, 0x28, ...key("a"), 0x68, 0, 0x75]), /hold themselves/],
    [
      "a name that stands twice",
      dict([0x8c, 3, 97, 46, 98], int(1), key("a"), [0x7d, ...key("b"), ...int(2), 0x73]),
      /twice/,
    ],
    ["a root that is no dictionary", pickle(tuple()), /no dictionary/],
    ["a pickle cut off", dict(key("a"), int(1)).slice(0, -3), /ends here/],
    ["bytes after the pickle", [...dict(key("a"), int(1)), 0], /1 bytes follow its end/],
    ["an empty stack", pickle([0x30 + 0x22]), /REDUCE: the stack is empty/],
  ])("%s", async (_, pickled, message) => {
    const bytes = torchZip(small, { pickled });
    await expect(readTorchCheckpoint(bytes, { file: "m.bin" })).rejects.toThrow(FormatError);
    await expect(readTorchCheckpoint(bytes, { file: "m.bin" })).rejects.toThrow(message);
  });

  const pickled = torchZip(small);
  test.each<[string, Uint8Array, RegExp]>([
    [
      "a program",
      zip([
        ["a/data.pkl", Uint8Array.of(1)],
        ["a/constants.pkl", Uint8Array.of(1)],
      ]),
      /TorchScript/,
    ],
    [
      "two pickles",
      zip([
        ["a/data.pkl", Uint8Array.of(1)],
        ["b/data.pkl", Uint8Array.of(1)],
      ]),
      /2 entries data\.pkl/,
    ],
    [
      "one name twice",
      zip([
        ["a/x", Uint8Array.of()],
        ["a/x", Uint8Array.of()],
      ]),
      /stands twice/,
    ],
    ["a bomb", zip([["a/data.pkl", new Uint8Array(70 * 2 ** 20)]], true), /unpacks to 73400320 bytes/],
    ["bytes behind the archive", Uint8Array.of(...pickled, 0), /no zip directory/],
  ])("%s", async (_, bytes, message) => {
    await expect(readTorchCheckpoint(bytes)).rejects.toThrow(message);
  });
});

const sizes = fc.array(fc.constantFrom<number>(0, 1, 1, 2, 3, 5), { maxLength: 3 });
const anyView = fc
  .record({
    dtype: fc.constantFrom(...torchDtypes),
    shape: sizes,
    strides: fc.array(fc.nat(7), { minLength: 3, maxLength: 3 }),
    isRowMajor: fc.boolean(),
    offset: fc.nat(3),
    slack: fc.nat(2),
  })
  .map(({ dtype, shape, strides, isRowMajor, offset, slack }) => {
    const rowMajor = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
    const used = isRowMajor ? rowMajor : strides.slice(0, shape.length);
    const last = shape.includes(0) ? -1 : shape.reduce((sum, size, axis) => sum + (size - 1) * used[axis]!, 0);
    return { dtype, shape, strides: used, offset, elements: offset + last + 1 + slack };
  });
const checkpoints: fc.Arbitrary<Checkpoint> = fc
  .uniqueArray(
    fc.tuple(fc.string({ unit: "binary", minLength: 1, maxLength: 6 }), anyView, fc.infiniteStream(fc.nat(255))),
    {
      selector: ([name]) => name,
      maxLength: 4,
    },
  )
  .map((tensors) => {
    const storages = new Map<string, Uint8Array>();
    const state: State = new Map();
    tensors.forEach(([name, { elements, ...rest }, bytes], i) => {
      state.set(name, { ...rest, storage: `${i}` });
      storages.set(
        `${i}`,
        Uint8Array.from({ length: elements * (dtypeBits[rest.dtype] / 8) }, () => bytes.next().value!),
      );
    });
    return { state, storages };
  });

/** Element by element, by the definition of strides. */
function naiveGather(storage: Uint8Array, { dtype, shape, strides, offset }: Omit<View, "storage">): number[] {
  const width = dtypeBits[dtype] / 8;
  const element = (axis: number, at: number): number[] =>
    axis === shape.length
      ? [...storage.subarray(at * width, (at + 1) * width)]
      : Array.from({ length: shape[axis]! }, (_, i) => element(axis + 1, at + i * strides[axis]!)).flat();
  return element(0, offset);
}
