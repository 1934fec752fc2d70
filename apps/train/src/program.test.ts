import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readRunConfig, resumePoint } from "@kindred/run-folder/node";
import { expectMutantToFail } from "@kindred/testing";
import { trainConfig, type TrainEvent } from "@kindred/trainer";
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
    ["no parts", "export default () => 3;", /gave no parts of a run\. Got number, expected \{ loss, readers \}/],
    ["an unknown part", "export default () => ({ los: {} });", /unknown part los\. Did you mean loss\?/],
    [
      "a loss that is none",
      "export default () => ({ loss: { name: 'mine' } });",
      /the loss of .* is none\. Got \{ name \}, expected/,
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
