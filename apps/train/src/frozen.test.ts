// Parameters that stay as they are, over the whole way of a run that is stopped and goes on.
import { readOthers, resumePoint } from "@kindred/run-folder/node";
import { describe, expect, test } from "vitest";
import { eventsOf, last, losses, prepare, stoppedAfter } from "../test-support/toy-training.ts";
import { train } from "./train.ts";

const frozen = ["embeddings.*"];

async function remembered(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const [name] of readOthers(folder).values) names.push(name);
  return names;
}

describe.each([
  ["on two cores", { cores: 2 }],
  ["in one thread", { cores: 1, backend: "cpu" }],
])("%s", (_, where) => {
  test("a run goes on as if it had not been stopped, and remembers nothing of what is frozen", async () => {
    const given = { ...where, freeze: frozen, hiddenDropoutProb: 0.1 };
    const unbroken = await eventsOf(train(prepare(given).config));
    const { config } = prepare(given);
    const first = await stoppedAfter(7, config);
    const resume = await resumePoint(config.output);
    const names = await remembered(resume.folder);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => name.includes("embeddings."))).toEqual([]);
    const second = await eventsOf(train(config, { resume }));
    expect([...losses(first), ...losses(second)]).toEqual(losses(unbroken));
  });

  test("what is frozen may change when a run goes on", async () => {
    const { config } = prepare({ ...where, freeze: frozen });
    await stoppedAfter(4, config);
    const resume = await resumePoint(config.output);
    const thawed = await eventsOf(train({ ...config, freeze: [] }, { resume }));
    expect(last(thawed).type).toBe("done");
    const more = { ...config, freeze: ["encoder.layer.0.*"], maxSteps: config.maxSteps + 2 };
    const again = await eventsOf(train(more, { resume: await resumePoint(config.output) }));
    expect(last(again).type).toBe("done");
    const names = await remembered((await resumePoint(config.output)).folder);
    expect(names.some((name) => name.includes("embeddings."))).toBe(true);
    expect(names.filter((name) => name.includes("layer.0."))).toEqual([]);
  });
});
