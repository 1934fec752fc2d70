import { wasm } from "@kindred/backend-wasm";
import { bert } from "@kindred/bert";
import { ConfigError, FormatError, OutOfMemoryError } from "@kindred/errors";
import {
  filesInMemory,
  type ModelFolder,
  modelFolderFiles,
  type ModelModule,
  readModelFolder,
} from "@kindred/model-folder";
import { mpnet } from "@kindred/mpnet";
import { cpu, isStandIn, tfjs } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { toyDense } from "../../pooling/test-support/toy-dense.ts";
import { toyFiles, toyModel } from "../test-support/toy-model.ts";
import { loadWeights, localEmbedder } from "./local-embedder.ts";
import { sharedWeights } from "./frozen-parameters.ts";
import { modelSpecs, openSentenceModel, savedModel, type SentenceModel } from "./sentence-model.ts";
import { sentenceEncoderFromFiles } from "./sentence-encoder-from-files.ts";

const batch = { ids: Int32Array.of(0, 9, 2, 0, 7, 8, 2), starts: Int32Array.of(0, 3, 7) };

/** A model with parameters of every kind, and how often each of its tensors was read. */
async function toy(family = mpnet): Promise<{ folder: ModelFolder; model: SentenceModel; reads: string[] }> {
  const made = toyModel({ family, after: [{ kind: "Dense", ...toyDense().layer }, { kind: "Normalize" }] });
  const files = await modelFolderFiles(savedModel(made, made.weights));
  const stored = await readModelFolder(filesInMemory(files));
  const reads: string[] = [];
  const watched = (module: ModelModule): ModelModule => ({
    ...module,
    openWeights: async () => {
      const weights = await module.openWeights();
      const read = (name: string) => {
        reads.push(name);
        return weights.read(name);
      };
      return { ...weights, read };
    },
  });
  const [transformer, pooling, ...others] = stored.modules;
  const folder = { ...stored, modules: [watched(transformer), pooling, ...others.map(watched)] as const };
  return { folder, model: openSentenceModel(folder), reads };
}

const embed = async (load: () => ReturnType<typeof loadWeights>, model: SentenceModel) => {
  const embedder = await localEmbedder(wasm(), load, model);
  const values = await embedder.embed({ batch, of: "sentences" });
  await embedder.close();
  return values;
};

describe.each([mpnet, bert])("$modelTypes", (family) => {
  test("weights that threads share give the same vectors to the last bit, are read once, and leave nothing behind", async () => {
    const { folder, model, reads } = await toy(family);
    const own = await embed(() => loadWeights(folder, model), model);
    const count = modelSpecs(model).length;
    expect(reads.splice(0)).toHaveLength(count);
    const shared = sharedWeights(model);
    const { numTensors, numBytes } = tf.memory();
    for (const _ of [1, 2]) expect(await embed(() => loadWeights(folder, model, { shared }), model)).toEqual(own);
    expect(reads).toHaveLength(count);
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
  });
});

test("matrices and tables stand for what is shared, gains and shifts are a thread's own", async () => {
  const { folder, model } = await toy();
  const { stop } = await wasm().start();
  const parameters = await loadWeights(folder, model, { shared: sharedWeights(model) });
  for (const { name, kind, shape } of modelSpecs(model)) {
    const parameter = parameters[name]!; // of every spec
    expect(parameter.shape).toEqual(shape);
    expect(isStandIn(parameter)).toBe(kind === "matrix" || kind === "table");
  }
  tf.dispose(Object.values(parameters));
  stop();
});

test("what one thread fails to read, the next one reads, and only that", async () => {
  const { folder, model, reads } = await toy();
  const { stop } = await wasm().start();
  const shared = sharedWeights(model);
  const [transformer, ...others] = folder.modules;
  let left = 5;
  const openWeights = async () => {
    const weights = await transformer.openWeights();
    const read = (name: string) => {
      if (left-- === 0) throw new FormatError({ file: weights.file }, "the file ends here.");
      return weights.read(name);
    };
    return { ...weights, read };
  };
  const broken: ModelFolder = { ...folder, modules: [{ ...transformer, openWeights }, ...others] };
  await expect(loadWeights(broken, model, { shared })).rejects.toThrow(FormatError);
  expect(reads).toHaveLength(5);
  tf.dispose(Object.values(await loadWeights(folder, model, { shared })));
  expect(new Set(reads).size).toBe(reads.length);
  expect(reads).toHaveLength(modelSpecs(model).length);
  stop();
});

test("weights that do not fit say so", async () => {
  const { folder, model } = await toy();
  const { stop } = await wasm().start();
  const shared = { ...sharedWeights(model), memory: new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }) };
  await expect(loadWeights(folder, model, { shared })).rejects.toThrow(OutOfMemoryError);
  stop();
});

describe("a form that an engine has not", () => {
  test.each([tfjs(), cpu()])("$name refuses in the words of the option", async (engine) => {
    const files = await toyFiles();
    const load = () => sentenceEncoderFromFiles(files, { engine, weights: "int8" });
    await expect(load()).rejects.toThrow(ConfigError);
    await expect(load()).rejects.toThrow(
      /^weights: the engine has none of this form. Got int8 for .*, expected float32/,
    );
    await using encoder = await sentenceEncoderFromFiles(files, { engine, weights: "float32" });
    expect(encoder.weights).toBe("float32");
    expect(encoder.gathering().weights).toBe("float32");
  });
});
