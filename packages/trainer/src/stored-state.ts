import type { Optimizer } from "@kindred/adamw";
import type { ParameterSpec } from "@kindred/encoder";
import { FormatError } from "@kindred/errors";
import { countNonFinite } from "@kindred/sentence-encoder";
import type { Values } from "@kindred/tpu-sharding";

/** What a checkpoint holds beside its model, and the file that errors name. */
export type StoredState = { readonly file: string; readonly values: Values };

/** What a run expects there: the loss's weights, and the slots of what it trains. */
type StoredSpecs = {
  readonly ofLoss: readonly ParameterSpec[];
  readonly specs: readonly ParameterSpec[];
  readonly optimizer: Optimizer;
};

/**
 * The arrays of a checkpoint, if they are these. Of a parameter that was frozen then nothing is remembered: its slots begin with zeros.
 * What is remembered of one that is frozen now is passed over.
 */
export async function* storedValues({ file, values }: StoredState, { ofLoss, specs, optimizer }: StoredSpecs) {
  const slotsOf = (spec: ParameterSpec) => optimizer.slots.map((slot) => `${slot}.${spec.name}`);
  const isFrozen = (spec: ParameterSpec) => optimizer.isFrozen?.(spec) === true;
  const trained = specs.filter((spec) => !isFrozen(spec));
  const passedOver = new Set(specs.filter(isFrozen).flatMap(slotsOf));
  const sizes = new Map([
    ...ofLoss.map((spec) => [spec.name, sizeOf(spec)] as const),
    ...trained.flatMap((spec) => slotsOf(spec).map((name) => [name, sizeOf(spec)] as const)),
  ]);
  for await (const [name, array] of values) {
    if (passedOver.delete(name)) continue;
    const size = sizes.get(name);
    if (size === undefined) throw new FormatError({ file }, `holds ${name}, which this run has not, or twice.`);
    if (array.length !== size)
      throw new FormatError({ file }, `${name} does not fit. Got ${array.length} elements, expected ${size}.`);
    const wrong = countNonFinite(array);
    if (wrong > 0)
      throw new FormatError({ file }, `${name} is not made of numbers: ${wrong} of its ${size} are NaN or infinite.`);
    sizes.delete(name);
    yield [name, array] as const;
  }
  const rested = trained.filter((spec) => slotsOf(spec).every((name) => sizes.has(name)));
  if (rested.length < trained.length)
    for (const spec of rested)
      for (const name of slotsOf(spec)) {
        sizes.delete(name);
        yield [name, new Float32Array(sizeOf(spec))] as const;
      }
  const [missing] = sizes.keys();
  if (missing !== undefined)
    throw new FormatError({ file }, `${sizes.size} arrays of this run are missing, the first is ${missing}.`);
}

function sizeOf({ shape }: ParameterSpec): number {
  return shape.reduce((product, size) => product * size, 1);
}
