import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { wasm } from "@kindred/backend-wasm";
import { lossShare } from "@kindred/loss";
import { readOthers, resumePoint } from "@kindred/run-folder/node";
import { valueAndGradients } from "@kindred/tensor";
import { openSafetensors } from "@kindred/tensor-files/node";
import { expectMutantToFail, finiteDifferences, floatsFromSeed, toyPairs } from "@kindred/testing";
import { loadProgram, trainConfig, type TrainEvent } from "@kindred/trainer";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { train } from "./train.ts";
import { cut, eventsOf, prepare } from "../test-support/program-run.ts";
import { losses, toyRunOfTest } from "../test-support/toy-training.ts";

describe("a program's loss", () => {
  test("is what a run makes small, the same on one core and on two", async () => {
    const [one, two] = [prepare(cut), prepare(cut, { cores: 2 })];
    const [onOne, onTwo] = [await eventsOf(one), await eventsOf(two)];
    expect(losses(onOne)).toHaveLength(12);
    // as in train.test.ts: float32 sums in another order
    const expectSame = (other: readonly TrainEvent[]) =>
      expect(losses(other)).toBeCloseToArray(losses(onOne), { tolerance: 1e-5 });
    expectSame(onTwo);
    const plain = { ...one, config: { ...one.config, output: join(one.folder, "plain") } };
    const ofOptions: TrainEvent[] = [];
    for await (const event of train(plain.config)) ofOptions.push(event);
    expectMutantToFail(() => expectSame(ofOptions));
  });

  test("stands in the start event, in run.json by name and hash, and in the model card", async () => {
    const run = prepare(cut, { stopAt: 1 });
    const [start] = await eventsOf(run);
    expect(start?.type === "start" && start.loss).toMatchObject({
      name: "matryoshka",
      options: { dimensions: [16, 4] },
    });
    const saved = JSON.parse(readFileSync(join(run.config.output, "model", "config.json"), "utf8"));
    expect(saved["matryoshka_dimensions"]).toEqual([16, 4]);
    const { program } = JSON.parse(readFileSync(join(run.config.output, "run.json"), "utf8"));
    expect(program).toEqual({ name: "program.mjs", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(readFileSync(join(run.config.output, "model", "README.md"), "utf8")).toMatch(
      /- loss:MatryoshkaLoss\n- loss:MultipleNegativesRankingLoss[\s\S]*the matryoshka loss \([\s\S]* --program program\.mjs /,
    );
    const changed = prepare('export default ({ contrastive }) => ({ loss: { ...contrastive(), name: "triplet" } });', {
      stopAt: 1,
    });
    await eventsOf(changed);
    expect(readFileSync(join(changed.config.output, "model", "README.md"), "utf8")).toMatch(
      /- "loss:triplet"[\s\S]*the triplet loss of a program \(/,
    );
  });
});

describe("a caller's own loss in plain tfjs ops: a triplet with a margin", () => {
  const program = new URL("../../../packages/trainer/test-programs/triplet.mjs", import.meta.url);
  const triplets = toyPairs.map(([text, match], i) => [text, match, toyPairs[(i + 7) % toyPairs.length]?.[1] ?? ""]);

  test("trains on two cores as on one", async () => {
    const runs = [1, 2].map((cores) => ({ ...prepare("", { cores }), program }));
    const of: (readonly number[])[] = [];
    for (const run of runs) {
      writeFileSync(run.config.data, triplets.map((row) => `${JSON.stringify(row)}\n`).join(""));
      of.push(losses(await eventsOf(run)));
    }
    const [one = [], two = []] = of;
    expect(two).toBeCloseToArray(one, { tolerance: 1e-5 }); // as in train.test.ts: float32 sums in another order
    expect(one.at(-1)).toBeLessThan(0.8 * (one[0] ?? 0));
  });

  test("has the gradient that finite differences of it have", async () => {
    const { loss } = await loadProgram(program);
    const [rows, hidden] = [5, 4];
    await wasm().start();
    const values = floatsFromSeed(7, 3 * rows * hidden);
    const columns = [0, 1, 2].map((column) =>
      tf.tensor2d(values.slice(column * rows * hidden, (column + 1) * rows * hidden), [rows, hidden]),
    );
    const { value, gradients } = valueAndGradients(
      () => (loss === undefined ? tf.scalar(Number.NaN) : lossShare(loss, columns)),
      Object.fromEntries(columns.map((column, i) => [`${i}`, column])),
    );
    const reference = (x: Float64Array) => {
      const distance = (row: number, column: number) => {
        const [a, b] = [0, column].map((c) => x.subarray((c * rows + row) * hidden, (c * rows + row + 1) * hidden));
        return Math.hypot(...Array.from(a ?? [], (ai, i) => ai - (b?.[i] ?? 0)));
      };
      const missing = Array.from({ length: rows }, (_, row) => distance(row, 1) - distance(row, 2) + 0.5);
      return missing.reduce((sum, x) => sum + Math.max(0, x), 0) / rows;
    };
    const got = [0, 1, 2].flatMap((i) => [...(gradients[`${i}`]?.dataSync() ?? [])]);
    // Some ten float32 roundings of 2^-24 in numbers up to 1; the smallest entry that a row with a loss has is far above the tolerance.
    const expectSame = (wanted: Float64Array) => expect(got).toBeCloseToArray(wanted, { tolerance: 1e-6 });
    expectSame(finiteDifferences(reference, values));
    expect(value.dataSync()[0]).toBeCloseTo(reference(Float64Array.from(values)), 6);
    expectMutantToFail(() => expectSame(finiteDifferences((x) => (reference(x) * rows) / (rows + 1), values)));
    tf.dispose([value, columns, Object.values(gradients) as tf.Tensor[]]);
  });
});

describe("a loss with weights of its own", () => {
  const projected = `export default ({ nn, contrastive }) => {
    const inner = contrastive();
    const project = (columns, { parameters }) => columns.map((rows) => nn.linear(rows, parameters.projection));
    return { loss: {
      ...inner, name: "projected", parameters: [{ name: "projection", shape: [8, 16], kind: "matrix", deviation: 0.3 }],
      value: (columns, context) => inner.value(project(columns, context), context),
    } };
  };`;
  const projectionOf = async (run: string, step: number) => {
    const others = readOthers(join(run, `checkpoint-${step}`));
    for await (const [name, values] of others.values) if (name === "loss.projection") return values;
    throw new Error("it is there");
  };

  test("is trained with them, on two cores as on one, and they are kept in checkpoints but not in the model", async () => {
    const runs = [1, 2].map((cores) => prepare(projected, { cores, saveSteps: 5, saveTotalLimit: 0 }));
    const of: (readonly number[])[] = [];
    for (const run of runs) of.push(losses(await eventsOf(run)));
    const [one = [], two = []] = of;
    expect(two).toBeCloseToArray(one, { tolerance: 1e-5 }); // as in train.test.ts: float32 sums in another order
    const [output = ""] = runs.map(({ config }) => config.output);
    const [early, late] = [await projectionOf(output, 5), await projectionOf(output, 12)];
    // Seven steps of AdamW move a weight by some of the rate of 1e-2; one whose gradient is lost stands still.
    const moved = early.map((weight, i) => Math.abs(weight - (late[i] ?? weight)));
    expect(moved.reduce((sum, by) => sum + by, 0) / moved.length).toBeGreaterThan(1e-3);
    expect(moved.every((by) => by > 0)).toBe(true);
    await using saved = await openSafetensors(join(output, "model", "model.safetensors"));
    expect([...saved.tensors.keys()].filter((name) => name.includes("projection"))).toEqual([]);
  });

  test("goes on with them as an unbroken run does; a checkpoint that lacks them is refused by its file", async () => {
    const unbroken = await eventsOf(prepare(projected));
    const run = prepare(projected, { stopAt: 5 });
    const first = await eventsOf(run);
    const going = { ...run, config: { ...run.config, stopAt: 0 } };
    const second = await eventsOf(going, { resume: await resumePoint(run.config.output) });
    expect([...losses(first), ...losses(second)]).toEqual(losses(unbroken));
    const [plain, other] = [prepare(cut, { stopAt: 5 }), prepare(projected, { stopAt: 5 })];
    for (const each of [plain, other]) await eventsOf(each);
    const folderOf = ({ config }: typeof run) => join(config.output, "checkpoint-5");
    const checksumsIn = (folder: string) =>
      JSON.parse(readFileSync(join(folder, "checksums.json"), "utf8")) as { readonly [path: string]: string };
    // Whole files, but of another run.
    const name = "optimizer.safetensors";
    const checksums = { ...checksumsIn(folderOf(other)), [name]: checksumsIn(folderOf(plain))[name] };
    copyFileSync(join(folderOf(plain), name), join(folderOf(other), name));
    writeFileSync(join(folderOf(other), "checksums.json"), JSON.stringify(checksums));
    const resumed = eventsOf(
      { ...other, config: { ...other.config, stopAt: 0 } },
      {
        resume: await resumePoint(other.config.output),
      },
    );
    await expect(resumed).rejects.toThrow(
      /checkpoint-5.optimizer\.safetensors: .*of this run are missing, the first is loss\.projection/,
    );
  });
});

describe("a loss that asks for another model's vectors", () => {
  const distil = `export default ({ tf }) => ({ loss: {
    name: "distil", options: {}, over: "batch", needs: { vectors: ["teacher"] },
    value: (columns, { vectors }) => columns
      .map((column, i) => {
        const { embeddings } = vectors.teacher[i];
        return tf.mean(tf.square(tf.sub(column, tf.tensor(embeddings, column.shape))));
      })
      .reduce((sum, mean) => tf.add(sum, mean)),
  } });`;
  test("gets them row by row, on every core: a model is its own teacher", async () => {
    const toy = toyRunOfTest();
    const teacher = join(toy.folder, "run", "model");
    for await (const _ of train(trainConfig({ ...toy.options, maxSteps: 6 })));
    const { vocabulary, hiddenSize, numHiddenLayers, numAttentionHeads, intermediateSize, ...rest } = toy.options;
    const still = { hiddenDropoutProb: 0, attentionProbsDropoutProb: 0, cores: 2, stopAt: 1, holdOut: 0.5 };
    const run = prepare(distil);
    const output = join(run.folder, "distilled");
    const config = trainConfig({
      ...rest,
      ...still,
      data: toy.options["data"],
      output,
      model: teacher,
      guides: [`teacher=${teacher}`],
    });
    const [first = 1] = losses(await eventsOf({ ...run, config }));
    expect(first).toBeLessThan(1e-10); // float32 roundings of unit vectors, squared; another row's vector is 1e-2 and more away
    const student = {
      ...run,
      config: trainConfig({
        ...toy.options,
        output: join(run.folder, "student"),
        evalSteps: 0,
        guides: [`teacher=${teacher}`],
      }),
    };
    const learnt = losses(await eventsOf(student));
    expect(learnt.at(-1)).toBeLessThan(0.7 * (learnt[0] ?? 0));
  });

  test.each<[string, readonly string[], RegExp]>([
    ["no model for it", [], /the loss distil asks for the vectors of a model teacher\. Got none.*--teacher FOLDER/],
    ["a model that it does not ask for", ["teacher=a", "other=b"], /does not ask for the vectors of other/],
  ])("is refused with %s", async (_, guides, message) => {
    await expect(eventsOf(prepare(distil, { guides }))).rejects.toThrow(message);
  });

  test("a guide has a name and a folder", () => {
    expect(() => prepare(distil, { guides: ["folder"] })).toThrow(/Got folder, expected name=FOLDER/);
  });
});
