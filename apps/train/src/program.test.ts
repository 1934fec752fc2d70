import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readRunConfig, resumePoint } from "@kindred/run-folder/node";
import { expectMutantToFail } from "@kindred/testing";
import { type Kindred, trainConfig, type TrainEvent } from "@kindred/trainer";
import { describe, expect, test } from "vitest";
import { train } from "./train.ts";
import { cut, eventsOf, prepare } from "../test-support/program-run.ts";
import { losses } from "../test-support/toy-training.ts";

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
      /Got modelType lookup, expected one of mpnet, bert, distilbert, roberta, xlm-roberta, camembert/,
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
