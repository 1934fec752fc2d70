import { ConfigError, ShapeError } from "@kindred/errors";
import { arbitraryFloat32Array, expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Precision, quantizationRanges, quantizeEmbeddings } from "./index.ts";

const rows = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 2, max: 6 })).chain(([dimension, count]) =>
  arbitraryFloat32Array({ minLength: dimension * count, maxLength: dimension * count }).map((embeddings) => ({
    embeddings,
    dimension,
  })),
);

test("three features of three vectors, as worked by hand and as sentence-transformers has them", () => {
  // Steps 2 / 255, 1, and 1 for the feature that never changes. In float32 2 / (2 / 255) is just below 255.
  const embeddings = Float32Array.of(-1, 0, 7, 0, 128, 7, 1, 255, 7);
  const quantized = (precision: Exclude<Precision, "float32">) =>
    quantizeEmbeddings({ embeddings, dimension: 3 }, { precision });
  expect([...quantized("uint8").embeddings]).toEqual([0, 0, 0, 127, 128, 0, 254, 255, 0]);
  expect([...quantized("int8").embeddings]).toEqual([-128, -128, -128, -1, 0, -128, 126, 127, -128]);
  expect(quantized("ubinary")).toEqual({ embeddings: Uint8Array.of(32, 96, 224), dimension: 1 });
  expect(quantized("binary")).toEqual({ embeddings: Int8Array.of(32 - 128, 96 - 128, 224 - 128), dimension: 1 });
});

test("8 bits stand for a value that is less than a step above theirs", () => {
  // Multiples of 1/64 up to 16: no sum or difference of theirs is rounded, steps and quotients by 2⁻²⁴.
  const plain = rows.map(({ embeddings, dimension }) => ({
    embeddings: embeddings.map((value, i) => ((Math.trunc(value * 64) + i * 37) % 1024) / 64),
    dimension,
  }));
  fc.assert(
    fc.property(plain, (given) => {
      const { minimum, maximum } = quantizationRanges(given);
      const holds = (embeddings: ArrayLike<number>) => {
        for (let i = 0; i < embeddings.length; i++) {
          const feature = i % given.dimension;
          const step = (maximum[feature]! - minimum[feature]!) / 255 || 1;
          // Rounding step and quotient by 2⁻²⁴ each moves 255 steps by 3e-5.
          const above = (given.embeddings[i]! - minimum[feature]!) / step - embeddings[i]!;
          expect(above).toBeGreaterThan(-1e-4);
          expect(above).toBeLessThan(1 + 1e-4);
        }
      };
      const { embeddings } = quantizeEmbeddings(given, { precision: "uint8" });
      holds(embeddings);
      expectMutantToFail(() => holds(embeddings.map((q) => (q > 1 ? q - 2 : q + 2))));
    }),
  );
});

test("signed forms are the unsigned ones less 128", () => {
  fc.assert(
    fc.property(rows, (given) => {
      for (const [signed, unsigned] of [
        ["int8", "uint8"],
        ["binary", "ubinary"],
      ] as const)
        expect([...quantizeEmbeddings(given, { precision: signed }).embeddings]).toEqual(
          [...quantizeEmbeddings(given, { precision: unsigned }).embeddings].map((value) => value - 128),
        );
    }),
  );
});

test("bit f of a row is whether its feature f is above 0; the bits behind the last feature are 0", () => {
  fc.assert(
    fc.property(rows, ({ embeddings, dimension }) => {
      const quantized = quantizeEmbeddings({ embeddings, dimension }, { precision: "ubinary" });
      expect(quantized.dimension).toBe(Math.ceil(dimension / 8));
      const text = [...quantized.embeddings].map((byte) => byte.toString(2).padStart(8, "0")).join("");
      const expected = Array.from({ length: embeddings.length / dimension }, (_, row) =>
        Array.from(embeddings.subarray(row * dimension, (row + 1) * dimension), (x) => (x > 0 ? "1" : "0"))
          .join("")
          .padEnd(8 * quantized.dimension, "0"),
      );
      expect(text).toBe(expected.join(""));
    }),
  );
});

test("ranges of other vectors bound the steps: values beyond them take the ends", () => {
  const calibrationEmbeddings = { embeddings: Float32Array.of(0, 255), dimension: 1 };
  const given = { embeddings: Float32Array.of(-9, 3.5, 300), dimension: 1 };
  const byCalibration = quantizeEmbeddings(given, { precision: "uint8", calibrationEmbeddings });
  expect([...byCalibration.embeddings]).toEqual([0, 3, 255]);
  const ranges = quantizationRanges(calibrationEmbeddings);
  expect(quantizeEmbeddings(given, { precision: "uint8", ranges })).toEqual(byCalibration);
});

test("no vectors give none; a single one needs ranges for 8 bits, none for one", () => {
  const none = { embeddings: new Float32Array(), dimension: 9 };
  expect(quantizeEmbeddings(none, { precision: "int8" })).toEqual({ embeddings: new Int8Array(), dimension: 9 });
  expect(quantizeEmbeddings(none, { precision: "ubinary" })).toEqual({ embeddings: new Uint8Array(), dimension: 2 });
  const one = { embeddings: Float32Array.of(1, -1), dimension: 2 };
  expect(() => quantizeEmbeddings(one, { precision: "int8" })).toThrow(ConfigError);
  expect([...quantizeEmbeddings(one, { precision: "ubinary" }).embeddings]).toEqual([128]);
  const ranges = quantizationRanges({ embeddings: Float32Array.of(1), dimension: 1 });
  expect(() => quantizeEmbeddings(one, { precision: "int8", ranges })).toThrow(ShapeError);
});
