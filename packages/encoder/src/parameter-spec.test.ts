import fc from "fast-check";
import { expect, test } from "vitest";
import { storedNames } from "./parameter-spec.ts";

const specs = ["embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias", "a.weight"].map(
  (name) => ({ name, shape: [1], kind: "gain" }) as const,
);
const parameterOf = storedNames(specs, "bert.");

test("names of today and of 2019, with the model's own in front or not", () => {
  for (const prefix of ["", "bert."]) {
    expect(parameterOf(`${prefix}embeddings.LayerNorm.gamma`)).toBe("embeddings.LayerNorm.weight");
    expect(parameterOf(`${prefix}embeddings.LayerNorm.beta`)).toBe("embeddings.LayerNorm.bias");
    for (const { name } of specs) expect(parameterOf(prefix + name)).toBe(name);
  }
  expect(parameterOf("a.gamma")).toBeUndefined(); // of no layer norm
});

test("gives no name that is not among the specs, whatever is stored", () => {
  const part = fc.constantFrom("bert", "embeddings", "LayerNorm", "gamma", "weight", "a", "");
  fc.assert(
    fc.property(
      fc.array(part).map((parts) => parts.join(".")),
      (stored) => {
        expect([undefined, ...specs.map(({ name }) => name)]).toContain(parameterOf(stored));
      },
    ),
  );
});
