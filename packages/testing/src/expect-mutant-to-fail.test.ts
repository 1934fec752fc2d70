import fc from "fast-check";
import { expect, test } from "vitest";
import { expectMutantToFail } from "./index.ts";

test("passes when an assertion fails, directly, in a property, or later", async () => {
  expectMutantToFail(() => expect(1).toBe(2));
  expectMutantToFail(() => fc.assert(fc.property(fc.integer(), (n) => expect(n).toBeNaN())));
  await expectMutantToFail(async () => expect(1).toBe(2));
});

test("fails when the body passes", async () => {
  expect(() => expectMutantToFail(() => expect(1).toBe(1))).toThrow("the mutant passes");
  await expect(expectMutantToFail(async () => {})).rejects.toThrow("the mutant passes");
});

test("an error that is no assertion is thrown on: it proves nothing", async () => {
  const broken = () => {
    throw new TypeError("x is not a function");
  };
  expect(() => expectMutantToFail(broken)).toThrow(TypeError);
  expect(() => expectMutantToFail(() => fc.assert(fc.property(fc.integer(), broken)))).toThrow();
  await expect(expectMutantToFail(async () => broken())).rejects.toThrow(TypeError);
});
