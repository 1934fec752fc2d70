import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "@kindred/errors";
import { openModelFolder } from "@kindred/model-folder/node";
import { resumePoint } from "@kindred/run-folder/node";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { expectMutantToFail, toyPairs } from "@kindred/testing";
import { loadedModel, trainConfig } from "@kindred/trainer";
import { expect, test } from "vitest";
import { eventsOf, last, losses, prepare } from "../test-support/toy-training.ts";
import { batchGradients } from "./batch-gradients.ts";
import { train } from "./train.ts";

const [query, document] = ["the cat ", "a dog "];
const prompts = [`query=${query}`, `document=${document}`];

/** A run on the toy pairs, and judged by some of them, with these texts before theirs in the files. */
function runOn(before: readonly [string, string], given: { readonly [name: string]: unknown }) {
  const { config } = prepare({ holdOut: 0, ...given });
  const [data, evaluation] = ["data", "judged"].map((name) => join(config.output, "..", `${name}.jsonl`));
  const lines = toyPairs.map((texts) => JSON.stringify(texts.map((text, i) => `${before[i]}${text}`)));
  writeFileSync(data ?? "", lines.map((line) => `${line}\n`).join(""));
  writeFileSync(
    evaluation ?? "",
    lines
      .slice(0, 20)
      .map((line) => `${line}\n`)
      .join(""),
  );
  return { ...config, data: data ?? "", evalData: [evaluation ?? ""] };
}

test("a run with prompts is one on data that have them before every text; its model has them for encodeQuery and encodeDocument", async () => {
  const config = runOn(["", ""], { prompts });
  const events = await eventsOf(train(config));
  const written = await eventsOf(train(runOn([query, document], {})));
  const expectSame = (other: typeof events) => {
    expect(losses(other)).toEqual(losses(events));
    const evaluated = (all: typeof events) =>
      all.flatMap((event) => (event.type === "evaluation" ? [event.metrics] : []));
    expect(evaluated(other)).toEqual(evaluated(events)); // by the model; BM25 sees texts as they are
  };
  expectSame(written);
  const turned = await eventsOf(train(runOn([document, query], {})));
  expectMutantToFail(() => expectSame(turned));
  const data = events.find((event) => event.type === "data");
  const bare = (await eventsOf(train(runOn(["", ""], { maxSteps: 2 })))).find((event) => event.type === "data");
  expect(data?.sources[0]?.tokens.mean).toBeCloseTo((bare?.sources[0]?.tokens.mean ?? 0) + 2, 6);

  const done = last(events);
  await using encoder = await loadSentenceEncoder(done.type === "done" ? done.model : "");
  expect(encoder.settings.prompts).toEqual({ query, document });
  const { embeddings } = await encoder.encode([`${query}sat`, `${document}sat`, "sat"]);
  const dimension = embeddings.length / 3;
  const row = (i: number) => embeddings.slice(i * dimension, (i + 1) * dimension);
  expect((await encoder.encodeQuery("sat")).embeddings).toEqual(row(0));
  expect((await encoder.encodeDocument("sat")).embeddings).toEqual(row(1));
  expect((await encoder.encode("sat")).embeddings).toEqual(row(2));

  const asked = { model: done.type === "done" ? done.model : "", data: config.data };
  const gradients = await batchGradients({ ...asked, prompts: [query, document] });
  const typed = await batchGradients({ ...asked, data: runOn([query, document], {}).data });
  expect(gradients).toEqual(typed);
  expect((await batchGradients(asked)).loss).not.toBe(typed.loss);

  const resume = await resumePoint(config.output);
  await expect(eventsOf(train({ ...config, maxSteps: 20, prompts: [] }, { resume }))).rejects.toThrow(
    "prompts (--prompts) cannot change",
  );
  const folder = await openModelFolder(done.type === "done" ? done.model : "");
  const kept = await loadedModel(trainConfig({ prompts: ["query=find: "] }), folder);
  expect(kept.settings.prompts).toEqual({ query: "find: ", document });
  const [transformer, pooling, ...after] = folder.modules;
  const excluding = { ...pooling, config: { ...pooling.config, include_prompt: false } };
  const leavesOut = { ...folder, modules: [transformer, excluding, ...after] } as const;
  await expect(loadedModel(trainConfig({ prompts }), leavesOut)).rejects.toThrow(
    "the model's pooling leaves prompts out",
  );
});

test.each([
  ["another column", ["negative=x"]],
  ["no name", ["find: "]],
  ["one column twice", ["query=a", "query=b"]],
])("refuses a prompt for %s", (_, wrong) => {
  expect(() => trainConfig({ prompts: wrong })).toThrow(ConfigError);
  expect(() => trainConfig({ prompts: wrong })).toThrow("expected query=TEXT");
});
