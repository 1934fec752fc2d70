import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, FormatError } from "@kindred/errors";
import { saveModelFolder } from "@kindred/model-folder/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toySaved } from "../../../sentence-encoder/test-support/toy-model.ts";
import { createKindred } from "./kindred.ts";
import { modelShelf } from "./model-shelf.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "kindred-shelf-"));
  await saveModelFolder(join(root, "model"), toySaved());
});
afterAll(() => rm(root, { recursive: true }));

test("opens each model once, however many ask at once, and closes all", async () => {
  const { open, close } = modelShelf({ cores: 0 });
  const [first, second] = await Promise.all([open(join(root, "model")), open(join(root, "model"))]);
  expect(first).toBe(second);
  expect(await open(join(root, "model"))).toBe(first);
  await close();
  await expect(open(join(root, "model"))).rejects.toThrow(ConfigError);
});

test("what failed to open is tried anew", async () => {
  await using models = modelShelf({ cores: 0, offline: true });
  const later = join(root, "later");
  await expect(models.open(later)).rejects.toThrow(FormatError);
  await saveModelFolder(later, toySaved());
  expect((await models.open(later)).dimension).toBe(12);
});

test("a provider's models are folders", async () => {
  await using kindred = createKindred({ cores: 0 });
  const { embeddings } = await kindred.embeddingModel(join(root, "model")).doEmbed({ values: ["the cat", "a"] });
  expect(embeddings.map((vector) => vector.length)).toEqual([12, 12]);
});
