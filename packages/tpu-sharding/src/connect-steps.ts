import type { Optimizer } from "@kindred/adamw";
import type { ParameterSpec } from "@kindred/encoder";
import { ShapeError } from "@kindred/errors";
import type { Mesh, MeshOptions } from "@kindred/mesh";
import { moduleOfEngine } from "@kindred/tensor";
import { parameterViews, storeMemory } from "./store-memory.ts";
import type { StepCoreData, StepHandlers } from "./step-core.ts";
import type { StepRunner, StepRunnerOptions, Values } from "./step-runner.ts";

/** Starts cores that run `stepCore`. */
export type StartCores = (options: MeshOptions & { readonly data: StepCoreData }) => Promise<Mesh<StepHandlers>>;

/** A runner over cores that share memory, on any kind of thread. `program` is a URL, or undefined where the threads bring their own. */
export async function connectSteps<Data, Share, Batch>(
  { cores, ...options }: StepRunnerOptions<Data> & { readonly cores: number },
  program: string | undefined,
  start: StartCores,
): Promise<StepRunner<Share, Batch>> {
  const { specs, optimizer, engine, values, data, profile = false, ...store } = options;
  // A thread that brings its own program may bring its own engine.
  const engineModule = program === undefined ? engine.module : moduleOfEngine("startStepRunner", engine);
  const memory = storeMemory(specs, {
    cores,
    slots: optimizer.slots,
    isFrozen: (spec) => optimizer.isFrozen?.(spec) === true,
  });
  const trained = specs.filter(({ name }) => !memory.frozen.has(name));
  const { shards } = memory;
  const parameters = parameterViews(shards, memory.parameters);
  const slots = Object.entries(memory.slots).flatMap(([slot, vector]) => {
    const views = parameterViews(shards, vector);
    return trained.map(({ name, shape }) => ({
      name: `${slot}.${name}`,
      shape,
      values: views[name] ?? new Float32Array(), // there is one of each
    }));
  });
  const places = new Map([...Object.entries(parameters), ...slots.map(({ name, values }) => [name, values] as const)]);
  await takeValues(values, options, (name, array) => {
    const place = places.get(name);
    if (place?.length !== array.length) {
      throw new ShapeError(
        `startStepRunner: values do not fit ${name}. Got ${array.length}, expected ${place?.length}.`,
        { name, length: array.length },
      );
    }
    place.set(array);
  });
  const mesh = await start({
    cores,
    data: { engine: engineModule, program, data, memory, store, profile },
  });
  const onAll = <T>(argument: T) => Array.from({ length: cores }, () => argument);
  const [description = engine.name] = await mesh.call("describe", onAll(undefined));

  return {
    cores,
    equalShares: false,
    engine: description,
    async run(shares, numbers) {
      const results = await mesh.call(
        "step",
        shares.map((share) => ({ share, numbers })),
      );
      const result = results[0] ?? { loss: Number.NaN, norm: Number.NaN }; // there is one a core, and a core at least
      if (Number.isFinite(result.norm)) return result;
      const notFinite = new Set(results.flatMap(({ notFinite = [] }) => notFinite)); // a parameter may be cut between two cores
      return { ...result, notFinite: [...notFinite] };
    },
    async embed(batches) {
      const vectors: Float32Array[] = [];
      for (let first = 0; first < batches.length; first += cores) {
        const group = Array.from({ length: cores }, (_, core) => batches[first + core]);
        for (const rows of await mesh.call("embed", group)) if (rows !== undefined) vectors.push(rows);
      }
      return vectors;
    },
    async read(name) {
      const view = parameters[name];
      if (view !== undefined) return view;
      throw new ShapeError(`read: no such parameter. Got ${name}, expected one of ${specs.length}.`, { name });
    },
    state: () => slots.map(({ values, ...array }) => ({ ...array, read: async () => values })),
    profile: async () => (await mesh.call("profile", onAll(undefined)))[0],
    stop: () => mesh.close(),
  };
}

/** Hands the given values to `put`, by name; a `ShapeError` unless they are all parameters, and all slots of what is trained or none. */
export async function takeValues(
  values: Values,
  { specs, optimizer }: { readonly specs: readonly ParameterSpec[]; readonly optimizer: Optimizer },
  put: (name: string, values: Float32Array) => void,
): Promise<void> {
  const parameters = new Set(specs.map(({ name }) => name));
  const trained = specs.filter((spec) => optimizer.isFrozen?.(spec) !== true);
  const slots = new Set(optimizer.slots.flatMap((slot) => trained.map(({ name }) => `${slot}.${name}`)));
  const slotCount = slots.size;
  for await (const [name, array] of values) {
    if (!parameters.delete(name) && !slots.delete(name)) {
      throw new ShapeError(
        `startStepRunner: values that nothing has. Got ${name}, expected each parameter and each slot of what is trained once.`,
        {
          name,
        },
      );
    }
    put(name, array);
  }
  const missing = [...parameters, ...(slots.size < slotCount ? slots : [])];
  if (missing.length === 0) return;
  throw new ShapeError(
    `startStepRunner: ${missing.length} values are missing. Got none for ${missing[0]}, expected all parameters, and all slots or none.`,
    { missing },
  );
}
