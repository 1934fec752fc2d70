import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ConfigError,
  DataError,
  DivergenceError,
  FormatError,
  fromPlainError,
  KindredError,
  MeshError,
  nearestName,
  OutOfMemoryError,
  ShapeError,
  toPlainError,
  WorkerError,
} from "./index.ts";

const one = {
  ConfigError: new ConfigError("a", { key: "lr" }),
  DataError: new DataError({ file: "pairs.jsonl", line: 7 }, "not JSON."),
  DivergenceError: new DivergenceError("train: the gradient is not finite.", { step: 4 }),
  FormatError: new FormatError({ file: "model.safetensors", offset: 8 }, "header is not JSON."),
  MeshError: new MeshError(3, "core 3 failed."),
  OutOfMemoryError: new OutOfMemoryError("full", { requestedBytes: 8, usedBytes: 4, limitBytes: 10 }),
  ShapeError: new ShapeError("linear: …", { x: [1, 2] }),
  WorkerError: new WorkerError(3, "worker 3 ended."),
};

test.each(Object.entries(one))(
  "%s survives a thread boundary with class, message, exit code and fields",
  (name, error) => {
    const back = fromPlainError(structuredClone(toPlainError(error)));
    expect(back).toBeInstanceOf(KindredError);
    expect(back.constructor.name).toBe(name);
    expect({ ...back, message: back.message, stack: back.stack }).toEqual({
      ...error,
      message: error.message,
      stack: error.stack,
    });
  },
);

test("data errors begin with file and line, format errors with file and offset", () => {
  expect(one.DataError.message).toBe("pairs.jsonl:7: not JSON.");
  expect(one.FormatError.message).toBe("model.safetensors (byte 8): header is not JSON.");
});

test("anything thrown becomes an error, and keeps its message", () => {
  expect(fromPlainError(toPlainError(new RangeError("x"))).name).toBe("RangeError");
  expect(fromPlainError(toPlainError("text")).message).toBe("text");
});

test("nearestName finds a name with one letter wrong, whatever the letter and place", () => {
  const known = ["learningRate", "warmupSteps", "batchSize"];
  fc.assert(
    fc.property(fc.constantFrom(...known), fc.nat(), fc.constantFrom("q", "é", "-"), (name, at, letter) => {
      const i = at % name.length;
      expect(nearestName(name.slice(0, i) + letter + name.slice(i + 1), known)).toBe(name);
    }),
  );
});
