import { wasm } from "@kindred/backend-wasm";
import { xla } from "@kindred/backend-xla";
import { cpu, tfjs } from "@kindred/tensor";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describePlugins, readGoldenTensors, readJson, sharedExists, sharedPath } from "@kindred/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadSentenceEncoder } from "./node/load-sentence-encoder.ts";
import type { SentenceEncoder } from "./sentence-encoder.ts";
import { sentenceEncoderFromFiles } from "./sentence-encoder-from-files.ts";

// What Python's sentence-transformers gives for a random MPNet; made by the scripts beside the files, versions in their README.
const folder = ["golden", "mpnet-tiny"] as const;
const weightFiles = ["model.safetensors", "pytorch_model.bin"] as const;

type Expected = { readonly texts: readonly { readonly text: string; readonly truncated: boolean }[] };

describe.skipIf(!sharedExists(...folder))("mpnet-tiny, as sentence-transformers gives it", () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "kindred-golden-"));
    for (const kept of weightFiles) {
      const isOther = (path: string) => weightFiles.some((name) => name !== kept && path.endsWith(name));
      await cp(sharedPath(...folder, "model"), join(root, kept), { recursive: true, filter: (path) => !isOther(path) });
    }
  });
  afterAll(() => rm(root, { recursive: true }));

  describePlugins("on XLA", ({ path }) => {
    test("normalised vectors, one by one and together, on two devices", async () => {
      const engine = xla({ plugin: path, devices: 2, cacheFolder: false });
      await using encoder = await loadSentenceEncoder(sharedPath(...folder, "model"), { cores: 0, engine });
      await expectGoldenVectors(encoder);
    }, 180_000); // some programs are compiled
  });

  const engines = [wasm(), tfjs(), cpu()];
  test.each(weightFiles.flatMap((weights) => engines.map((engine) => ({ weights, engine }))))(
    "normalised vectors from $weights on $engine.name, one by one and together",
    async ({ weights, engine }) => {
      await using encoder = await loadSentenceEncoder(join(root, weights), { cores: 0, engine });
      await expectGoldenVectors(encoder);
    },
  );

  test.each(weightFiles)("the same from the bytes of %s", async (weights) => {
    const paths = await readdir(join(root, weights), { recursive: true });
    const files = await Promise.all(
      paths.flatMap((path) =>
        /\.\w+$/.test(path)
          ? [readFile(join(root, weights, path)).then((bytes) => [path, new Uint8Array(bytes)] as const)]
          : [],
      ),
    );
    await using encoder = await sentenceEncoderFromFiles(Object.fromEntries(files));
    await expectGoldenVectors(encoder);
  });
});

async function expectGoldenVectors(encoder: SentenceEncoder): Promise<void> {
  const { texts } = readJson(sharedPath(...folder, "expected.json")) as Expected;
  const tensors = readGoldenTensors(sharedPath(...folder, "expected.safetensors"));
  const { embeddings, dimension, truncated } = await encoder.encode(texts.map(({ text }) => text));
  const { tokenEmbeddings } = await encoder.encode(
    texts.map(({ text }) => text),
    { outputValue: "tokenEmbeddings" },
  );
  expect(truncated).toEqual(texts.flatMap((text, i) => (text.truncated ? [i] : [])));
  for (const [i, { text }] of texts.entries()) {
    const name = String(i).padStart(2, "0");
    const expected = tensors.get(`${name}.normalized.float64`);
    const states = tensors.get(`${name}.lastHidden`);
    if (expected === undefined || states === undefined) throw new Error(`the golden file has no text ${name}`);
    const alone = await encoder.encode(text);
    // 8 times the distance between Python's own float32 and float64 results, as the files' README has it
    expect(alone.embeddings).toBeCloseToArray(expected.values, { tolerance: 1e-6 });
    expect(embeddings.subarray(dimension * i, dimension * (i + 1))).toBeCloseToArray(expected.values, {
      tolerance: 1e-6,
    });
    expect(tokenEmbeddings[i]).toBeCloseToArray(states.values, { tolerance: 1.1e-5 });
  }
}
