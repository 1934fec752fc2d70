import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { wasm } from "@kindred/backend-wasm";
import { lossShare } from "@kindred/loss";
import { readOthers, readRunConfig, resumePoint } from "@kindred/run-folder/node";
import { valueAndGradients } from "@kindred/tensor";
import { openSafetensors } from "@kindred/tensor-files/node";
import { expectMutantToFail, finiteDifferences, floatsFromSeed, toyPairs } from "@kindred/testing";
import { type Kindred, loadProgram, trainConfig, type TrainEvent } from "@kindred/trainer";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, test } from "vitest";
import { toyRun } from "../../../packages/trainer/test-support/toy-run.ts";
import { train, type TrainOptions } from "./train.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A toy run of two texts a row, and its program in a file that lies where no package can be found. */
function prepare(source: string, given: { readonly [name: string]: unknown } = {}) {
  const { folder, options } = toyRun();
  folders.push(folder);
  const file = join(folder, "program.mjs");
  writeFileSync(file, source);
  return { folder, file, program: pathToFileURL(file), config: trainConfig({ ...options, evalSteps: 0, ...given }) };
}

async function eventsOf(run: ReturnType<typeof prepare>, options: TrainOptions = {}): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for await (const event of train(run.config, { program: run.program, ...options })) events.push(event);
  return events;
}

function losses(events: readonly TrainEvent[]): number[] {
  return events.flatMap((event) => (event.type === "step" ? [event.loss] : []));
}

const cut = "export default ({ matryoshka, contrastive }) => ({ loss: matryoshka(contrastive(), [16, 4]) });";

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
    const { program } = JSON.parse(readFileSync(join(run.config.output, "run.json"), "utf8"));
    expect(program).toEqual({ name: "program.mjs", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(readFileSync(join(run.config.output, "model", "README.md"), "utf8")).toMatch(
      /- loss:matryoshka[\s\S]*the matryoshka loss \(/,
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
    const at = ({ config }: typeof run) => join(config.output, "checkpoint-5", "optimizer.safetensors");
    copyFileSync(at(plain), at(other));
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
    const toy = toyRun();
    folders.push(toy.folder);
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
    [
      "no model for it",
      [],
      /the loss distil asks for the vectors of a model teacher\. Got none.*--guides teacher=FOLDER/,
    ],
    ["a model that it does not ask for", ["teacher=a", "other=b"], /does not ask for the vectors of other/],
  ])("is refused with %s", async (_, guides, message) => {
    await expect(eventsOf(prepare(distil, { guides }))).rejects.toThrow(message);
  });

  test("a guide has a name and a folder", () => {
    expect(() => prepare(distil, { guides: ["folder"] })).toThrow(/Got folder, expected name=FOLDER/);
  });
});

describe("a program's optimizer", () => {
  const plain = (step: string) => `export default ({ tf }) => ({ optimizer: ({ learningRate }) => ({
    name: "descent", options: {}, slots: [], learningRate,
    numbers: (step) => Float32Array.of(learningRate(step)),
    rests: () => true,
    update: ({ parameter, gradient }, { numbers, clip }) =>
      [tf.sub(parameter, tf.mul(tf.mul(gradient, clip), ${step}))],
  }) });`;
  const descent = plain("tf.reshape(numbers, [])");

  test("moves the weights, at the rate of the options, on two cores as on one", async () => {
    const runs = [1, 2].map((cores) => prepare(descent, { cores, learningRate: 0.5 }));
    const of: TrainEvent[][] = [];
    for (const run of runs) of.push(await eventsOf(run));
    const [one = [], two = []] = of;
    expect(losses(two)).toBeCloseToArray(losses(one), { tolerance: 1e-5 });
    expect(losses(one).at(-1)).toBeLessThan(0.9 * (losses(one)[0] ?? 0));
    expect(one[0]).toMatchObject({ optimizer: { name: "descent" } });
    const others = losses(await eventsOf(prepare(plain("0"), { learningRate: 0.5 })));
    expectMutantToFail(() => expect(others).toBeCloseToArray(losses(one), { tolerance: 1e-5 }));
  });

  test("leaves AdamW's options nothing to say", async () => {
    await expect(eventsOf(prepare(descent, { weightDecay: 0.1 }))).rejects.toThrow(
      /weightDecay would have no effect, as the program sets the optimizer/,
    );
  });
});

describe("a program that is a function", () => {
  const program = ({ matryoshka, contrastive }: Kindred) => ({ loss: matryoshka(contrastive(), [16, 4]) });

  test("trains in this thread, with what a module gives on a worker", async () => {
    const module = losses(await eventsOf(prepare(cut)));
    const run = prepare("");
    const here = losses(await eventsOf(run, { program }));
    // The same kernels; weights and moments in another memory, and AdamW in tensors instead of arrays: a rounding here and there.
    expect(here).toBeCloseToArray(module, { tolerance: 1e-5 });
    const { program: kept } = JSON.parse(readFileSync(join(run.config.output, "run.json"), "utf8"));
    expect(kept).toEqual({ name: "program", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  test("does not cross threads", async () => {
    await expect(eventsOf(prepare("", { cores: 2 }), { program })).rejects.toThrow(
      /a program that is a function stays in this thread\. Got cores 2, expected 1\. Give the URL/,
    );
  });
});

describe("a program's sampler", () => {
  const halves = `export default ({ createSampler }) => ({ sampler: (options) => {
    const inner = createSampler({ ...options, order: "file", batchSize: options.batchSize / 2 });
    const next = async () => ({ rows: [...(await inner.next()).rows, ...(await inner.next()).rows] });
    return { next, cursor: () => ({ mine: inner.cursor() }), close: () => inner.close() };
  } });`;

  test("draws the batches, and its cursor stands in checkpoints", async () => {
    const run = prepare(halves, { stopAt: 3, duplicates: "defer" });
    const own = losses(await eventsOf(run));
    const plain = { ...run.config, output: join(run.folder, "plain") };
    const ofOptions: TrainEvent[] = [];
    for await (const event of train(plain)) ofOptions.push(event);
    expect(own).toHaveLength(3);
    expect(own).not.toEqual(losses(ofOptions));
    expect((await resumePoint(run.config.output)).state.cursor).toMatchObject({ mine: { version: 1 } });
  });

  test.each<[string, string, RegExp]>([
    ["no batch", "undefined", /gave too little for a step\. Got no batch/],
    [
      "fewer rows than cores",
      "({ rows: [] })",
      /Got 0 rows, expected batches without end of at least a row for each of 1 cores/,
    ],
    [
      "rows of unequal length",
      "({ rows: [['a', 'b'], ['a']].map((texts) => ({ row: { texts } })) })",
      /rows of a batch differ\. Got 1 texts in one and 2 in another/,
    ],
  ])("that gives %s ends the run with an error that says so", async (_, batch, message) => {
    const make = `export default () => ({ sampler: () => ({ next: async () => ${batch}, cursor: () => ({}), close: async () => {} }) });`;
    await expect(eventsOf(prepare(make))).rejects.toThrow(message);
  });
});

describe("a program's family", () => {
  const lookup = `export default ({ tf }) => ({ families: [{
    modelTypes: ["lookup"],
    newConfig: ({ vocabulary, hidden }) => ({ model_type: "lookup", vocabulary, hidden }),
    open: ({ vocabulary, hidden }) => ({
      description: "a table",
      configJson: () => ({ model_type: "lookup", vocabulary, hidden }),
      specs: [{ name: "table", shape: [vocabulary, hidden], kind: "table" }],
      unused: [],
      sizes: { hidden, longest: 512, vocabulary },
      parameterOf: (name) => (name === "table" ? name : undefined),
      forward: ({ table }, { ids }) => tf.gather(table, tf.tensor1d(ids, "int32")),
    }),
  }] });`;

  test("is trained on two cores as on one, and resumed from its checkpoint", async () => {
    const of: (readonly number[])[] = [];
    for (const cores of [1, 2]) of.push(losses(await eventsOf(prepare(lookup, { modelType: "lookup", cores }))));
    const [one = [], two = []] = of;
    expect(two).toBeCloseToArray(one, { tolerance: 1e-5 }); // as in train.test.ts: float32 sums in another order
    expect(one.at(-1)).toBeLessThan(0.5 * (one[0] ?? 0));
    const run = prepare(lookup, { modelType: "lookup", stopAt: 5 });
    const first = await eventsOf(run);
    const resumed = { ...run, config: { ...run.config, stopAt: 0 } };
    const second = await eventsOf(resumed, { resume: await resumePoint(run.config.output) });
    expect([...losses(first), ...losses(second)]).toEqual(one);
  });

  test("is needed for its models", async () => {
    await expect(eventsOf(prepare(cut, { modelType: "lookup" }))).rejects.toThrow(
      /Got modelType lookup, expected one of mpnet, bert/,
    );
  });
});

test("a program's readers read the run beside its folder", async () => {
  const run = prepare(
    `import { appendFileSync } from "node:fs";
     export default () => ({ readers: [{
       read: (event) => appendFileSync(new URL("seen.txt", import.meta.url), event.type + " "),
       close: () => appendFileSync(new URL("seen.txt", import.meta.url), "closed"),
     }] });`,
    { stopAt: 2 },
  );
  const events = await eventsOf(run);
  expect(readFileSync(join(run.folder, "seen.txt"), "utf8")).toBe(`${events.map(({ type }) => type).join(" ")} closed`);
});

describe("going on with a run", () => {
  test("takes the same program, and gives what an unbroken run gives", async () => {
    const unbroken = await eventsOf(prepare(cut));
    const run = prepare(cut, { stopAt: 4 });
    const first = await eventsOf(run);
    const config = { ...trainConfig({}, { base: readRunConfig(run.config.output) }), stopAt: 0 };
    const second = await eventsOf({ ...run, config }, { resume: await resumePoint(config.output) });
    expect([...losses(first), ...losses(second)]).toEqual(losses(unbroken));
  });

  test("is refused without the program, with another, and with one where there was none; none is imported", async () => {
    const run = prepare(cut, { stopAt: 1 });
    await eventsOf(run);
    const resume = await resumePoint(run.config.output);
    const config = { ...run.config, stopAt: 2 };
    await expect(train(config, { resume }).next()).rejects.toThrow(
      /begun with the program program\.mjs, which is not imported by itself\. Give it again: --program program\.mjs/,
    );
    const other = join(run.folder, "other.mjs");
    writeFileSync(other, `globalThis.wasImported = true;\n${cut}`);
    await expect(train(config, { resume, program: pathToFileURL(other) }).next()).rejects.toThrow(
      /not the one that the run .* was begun with\. Got other\.mjs with SHA-256 [0-9a-f]+, expected/,
    );
    const plain = { ...run.config, output: join(run.folder, "plain") };
    for await (const _ of train(plain));
    await expect(
      train({ ...plain, stopAt: 2 }, { resume: await resumePoint(plain.output), program: pathToFileURL(other) }).next(),
    ).rejects.toThrow(/begun without a program\. Got other\.mjs/);
    expect(Reflect.get(globalThis, "wasImported")).toBeUndefined();
  });
});

describe("refuses, before anything is written,", () => {
  test.each<[string, string, RegExp]>([
    [
      "a module without a program",
      "export const loss = 1;",
      /exports no program\. Got a default export of type undefined/,
    ],
    ["a module that cannot be imported", "export default (", /cannot be imported\. Got file:/],
    [
      "no parts",
      "export default () => 3;",
      /gave no parts of a run\. Got number, expected \{ loss, optimizer, families, sampler, readers \}/,
    ],
    ["an unknown part", "export default () => ({ los: {} });", /unknown part los\. Did you mean loss\?/],
    [
      "a loss that is none",
      "export default () => ({ loss: { name: 'mine' } });",
      /the loss of .* is none: options is missing\. Got undefined/,
    ],
    [
      "a loss without a name",
      "export default ({ contrastive }) => ({ loss: { ...contrastive(), name: undefined } });",
      /name is missing\. Got undefined/,
    ],
    [
      "a loss whose need nobody knows",
      "export default ({ contrastive }) => ({ loss: { ...contrastive(), needs: { score: 'row' } } });",
      /needs\.score does not fit/,
    ],
    [
      "an optimizer that is none",
      "export default () => ({ optimizer: {} });",
      /the optimizer of .* is none\. Got \{ {2}\}, expected a function/,
    ],
    ["readers that are none", "export default () => ({ readers: [() => {}] });", /the readers of .* is none/],
  ])("%s", async (_, source, message) => {
    const run = prepare(source);
    await expect(eventsOf(run)).rejects.toThrow(message);
    expect(existsSync(run.config.output)).toBe(false);
  });

  test("an option that says what the program says, given or not as by default; a file that is not there", async () => {
    const run = prepare(cut);
    const scaled = { ...run, config: { ...run.config, scale: 10 } };
    await expect(eventsOf(scaled)).rejects.toThrow(/scale would have no effect, as the program sets the loss/);
    await expect(eventsOf(run, { given: ["direction"] })).rejects.toThrow(/direction would have no effect/);
    rmSync(run.file);
    await expect(eventsOf(run)).rejects.toThrow(/the program cannot be read: ENOENT/);
    expect(existsSync(run.config.output)).toBe(false);
  });
});
