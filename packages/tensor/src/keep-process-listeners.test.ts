import { afterEach, expect, test } from "vitest";
import { keepProcessListeners } from "./keep-process-listeners.ts";

const rethrow = (reason: unknown) => {
  throw reason;
};
const report = () => {};
afterEach(() => {
  for (const listener of [rethrow, report]) process.off("unhandledRejection", listener);
});

test("takes off what was added meanwhile and only throws, also when the start fails", async () => {
  const result = await keepProcessListeners(async () => {
    process.on("unhandledRejection", rethrow);
    process.on("unhandledRejection", report);
    return 7;
  });
  expect(result).toBe(7);
  expect(process.listeners("unhandledRejection")).not.toContain(rethrow);
  expect(process.listeners("unhandledRejection")).toContain(report);
  const failing = keepProcessListeners(async () => {
    process.on("unhandledRejection", rethrow);
    throw new Error("no start");
  });
  await expect(failing).rejects.toThrow("no start");
  expect(process.listeners("unhandledRejection")).not.toContain(rethrow);
});

test("what was there before stays", async () => {
  process.on("unhandledRejection", rethrow);
  await keepProcessListeners(async () => {});
  expect(process.listeners("unhandledRejection")).toContain(rethrow);
});
