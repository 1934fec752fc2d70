import type { EncoderFamily } from "@kindred/encoder";
import { ConfigError } from "@kindred/errors";
import { families } from "@kindred/sentence-encoder";
import { tfjs } from "@kindred/tensor";
import { toyVocabulary } from "@kindred/testing";
import { tokenizerFromVocab } from "@kindred/tokenizer";
import { soloStepRunner } from "@kindred/tpu-sharding";
import { describe, expect, test } from "vitest";
import { dealBatch } from "./deal-batch.ts";
import { parameterGroups } from "./parameter-groups.ts";
import { trainConfig } from "./train-config.ts";
import { newModel } from "./trainable-model.ts";
import { trainingCore, trainingOptimizer } from "./training-core.ts";
import { trainingSteps } from "./training-steps.ts";

const small = { vocabulary: 9, hidden: 8, layers: 3, heads: 2, intermediate: 16, paddingId: 0 };

const open = (family: EncoderFamily) => family.open(family.newConfig(small), { file: "config.json" });

describe.each(families.filter((family) => (open(family).sizes.layers ?? 0) > 0))("of $modelTypes", (family) => {
  const { specs } = open(family);
  const called = (pattern: RegExp) => specs.find(({ name }) => pattern.test(name))?.name ?? "none";
  const own = [...specs, { name: "loss.projection.weight", shape: [8, 8], kind: "matrix" as const }];
  const groups = (given: { readonly [name: string]: unknown }) => parameterGroups(trainConfig(given), own);

  test("without options all learn alike", () => expect(groups({})).toEqual([]));

  test("the rate falls from layer to layer, and every parameter of a depth has one", () => {
    const found = groups({ layerDecay: 0.5 });
    expect(found.map(({ rate }) => rate)).toEqual([0.125, 0.25, 0.5]); // embeddings, layer 0, layer 1; layer 2 and the loss's own have the whole
    expect(found[1]?.names).toEqual(specs.flatMap(({ name }) => (/\.layer\.0\./.test(name) ? name : [])));
    expect(found.flatMap(({ names = [] }) => names)).toHaveLength(specs.filter(({ depth = 9 }) => depth < 3).length);
  });

  test("a name's own rate goes before the layer's, freezing before both, the first of several counts", () => {
    const options = { layerDecay: 0.5, freeze: ["embeddings.*"], rates: ["*.0.*.bias=3", "kind:shift=2"] };
    const rateOf = (name: string) => groups(options).find(({ names = [] }) => names.includes(name));
    expect(rateOf("embeddings.LayerNorm.bias")).toMatchObject({ frozen: true });
    expect(rateOf(called(/\.layer\.0\..*bias$/))).toMatchObject({ rate: 3 });
    expect(rateOf(called(/\.layer\.1\..*bias$/))).toMatchObject({ rate: 2 });
    expect(rateOf(called(/\.layer\.1\..*weight$/))).toMatchObject({ rate: 0.5 });
  });

  test("decay by name and kind", () => {
    const found = groups({ weightDecays: ["kind:table=0.1", "loss.*=0"] });
    expect(found.map(({ weightDecay }) => weightDecay)).toEqual([0.1, 0]);
  });

  test.each([
    [{ freeze: ["embedding.*"] }, /freeze names no parameter.*Got embedding\.\*, expected one like embeddings/],
    [{ freeze: ["*"] }, /leaves nothing to train/],
    [{ rates: ["embeddings.*"] }, /rates say NAME=NUMBER\. Got embeddings/],
    [{ rates: ["embeddings.*=-1"] }, /a number from 0 on/],
    [{ weightDecays: ["kind:bias=1"] }, /unknown kind\. Got kind:bias, expected one of table/],
  ])("refuses %j", (given, message) => {
    expect(() => groups(given)).toThrow(ConfigError);
    expect(() => groups(given)).toThrow(message);
  });
});

test("in a run what is frozen stays bit for bit, with no gradient computed for it, and rates and decay are those of the groups", async () => {
  const size = { hiddenSize: 8, numHiddenLayers: 2, numAttentionHeads: 2, intermediateSize: 16, maxSeqLength: 12 };
  const run = async (given: { readonly [name: string]: unknown }) => {
    const config = trainConfig({ ...size, learningRate: 0.01, warmupSteps: 0, lrSchedulerType: "constant", ...given });
    const model = newModel(config, tokenizerFromVocab(toyVocabulary));
    const steps = trainingSteps(config, model, { engine: tfjs() });
    const optimizer = trainingOptimizer(config, {}, steps.specs);
    const runner = await soloStepRunner({ ...steps, program: trainingCore });
    const tokens = [5, 7].map((id) => ({ ids: Int32Array.of(0, id, 2, 0, id + 1, 2), starts: Int32Array.of(0, 3, 6) }));
    const rows = [{ texts: ["a", "b"] }, { texts: ["c", "d"] }];
    const [share] = dealBatch(rows, tokens, { cores: 1, loss: { name: "contrastive", needs: { textIds: true } } });
    const { norm } = await runner.run([{ step: 0, share: share!, totalRows: 2 }], optimizer.numbers(0)); // one core, one share
    const moved = new Map<string, number>();
    for (const { name } of steps.specs) {
      const [before, after] = [model.weights[name]!.values, await runner.read(name)]; // a weight for every spec
      moved.set(
        name,
        after.reduce((most, x, i) => Math.max(most, Math.abs(x - before[i]!)), 0),
      ); // as long
    }
    await runner.stop();
    return { norm, moved };
  };
  const all = await run({});
  const some = await run({ freeze: ["embeddings.*", "*.layer.0.*"], layerDecay: 0.5, rates: ["kind:gain=3"] });
  expect(some.norm).toBeLessThan(all.norm); // that of what learns
  for (const [name, distance] of some.moved) {
    if (/^embeddings|layer\.0\./.test(name)) expect(distance, name).toBe(0);
    // The first step of AdamW is the rate, where the gradient is not nearly 0; biases of keys have none.
    else if (name.endsWith("LayerNorm.weight")) expect(distance, name).toBeCloseTo(0.03, 3);
    else if (name.endsWith("dense.weight")) expect(distance, name).toBeCloseTo(0.01, 3);
    else if (name === "encoder.relative_attention_bias.weight") expect(distance, name).toBeCloseTo(0.0025, 3);
  }
});

test("what is frozen is so under a program's optimizer too, which need not know of it", () => {
  const { specs } = open(families[0]!); // `!`: there are some
  class Descent {
    readonly name = "descent";
    readonly options = { rate: 2 };
    readonly slots = [];
    readonly #rate = 2;
    learningRate() {
      return this.#rate;
    }
    numbers() {
      return Float32Array.of(this.#rate);
    }
    rests() {
      return true;
    }
    update() {
      return [];
    }
  }
  const config = trainConfig({ freeze: ["embeddings.*"] });
  const { options, numbers, isFrozen } = trainingOptimizer(config, { optimizer: () => new Descent() }, specs);
  expect([options, numbers(0)]).toEqual([{ rate: 2, freeze: ["embeddings.*"] }, Float32Array.of(2)]);
  for (const spec of specs) expect(isFrozen?.(spec), spec.name).toBe(spec.name.startsWith("embeddings."));
});
