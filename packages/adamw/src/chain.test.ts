import { expect, test } from "vitest";
import { chain, type Transformation } from "./index.ts";

const times = (factor: number): Transformation<{ calls: number }> => ({
  init: () => ({ calls: 0 }),
  update(gradients, state) {
    state.calls++;
    for (const array of Object.values(gradients)) for (let i = 0; i < array.length; i++) array[i]! *= factor;
    return gradients;
  },
});
const plusParameter: Transformation<null> = {
  init: () => null,
  update(gradients, _, parameters) {
    for (const [name, array] of Object.entries(gradients)) array[0]! += parameters[name]![0]!;
    return gradients;
  },
};

test("parts run in the order in which they are written, each with its own state", () => {
  const weights = { w: Float32Array.of(10) };
  const first = chain({ double: times(2), plus: plusParameter });
  const state = first.init(weights);
  expect(first.update({ w: Float32Array.of(1) }, state, weights)).toEqual({ w: Float32Array.of(12) });
  expect(state).toEqual({ double: { calls: 1 }, plus: null });
  const second = chain({ plus: plusParameter, double: times(2) });
  expect(second.update({ w: Float32Array.of(1) }, second.init(weights), weights)).toEqual({ w: Float32Array.of(22) });
});

test("chains nest, and an empty chain gives the gradients themselves", () => {
  const gradients = { w: Float32Array.of(1) };
  const nested = chain({ outer: chain({ inner: times(3) }), nothing: chain({}) });
  const state = nested.init(gradients);
  expect(nested.update(gradients, state, gradients)).toBe(gradients);
  expect(gradients.w[0]).toBe(3);
  expect(state.outer.inner.calls).toBe(1);
});
