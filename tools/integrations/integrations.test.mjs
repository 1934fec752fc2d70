// @kindred/integrations beside the libraries it is for: their types, what they do with it, and the examples of its README. They come from
// peers/, with a lockfile of its own; where they cannot be installed, or Node is too old for one, the tests are skipped.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { KindredEmbeddings, kindredProvider, NoSuchModelError, openAiClient } from "@kindred/integrations";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { modelFolder } from "../bench/inputs/model-folder.mjs";
import { extractExamples } from "../examples/extract.mjs";
import { runExample } from "../examples/run-example.mjs";
import { installPeers } from "../install-peers.mjs";
import { root } from "../node-runtime.mjs";
import { loadPeer } from "./peers/load.mjs";

const peers = fileURLToPath(new URL("peers", import.meta.url));
const readme = "packages/integrations/README.md";
const examples = extractExamples(readme, await readFile(join(root, readme), "utf8"));

/** Why the libraries are not there; undefined where they are. */
const missing =
  Number(process.versions.node.split(".")[0]) < 22
    ? `ai needs Node 22, this is ${process.versions.node}`
    : (await installPeers(peers))
      ? undefined
      : "npm ci in tools/integrations/peers failed";

/** @type {Awaited<ReturnType<typeof loadSentenceEncoder>>} */
let encoder;
/** A folder from which Node finds the peers, with a model in it. @type {string} */
let home;
beforeAll(async () => {
  await mkdir(join(peers, ".results"), { recursive: true });
  home = await mkdtemp(join(peers, ".results", "home-"));
  const model = join(home, "my-model");
  await rename(await modelFolder("tiny", home), model);
  encoder = await loadSentenceEncoder(model, { cores: 0 });
});
afterAll(async () => {
  await encoder.close();
  await rm(home, { recursive: true });
});

const texts = ["A cat sat on the mat.", "Stocks fell.", "It is raining."];

test("the lockfile of the peers names no registry", async () => {
  const lockfile = await readFile(join(peers, "package-lock.json"), "utf8");
  expect(lockfile).not.toContain("resolved");
  expect(lockfile).not.toMatch(/https?:\/\/[^"]*\.tgz/);
});

describe.skipIf(missing !== undefined)(`with the real libraries${missing === undefined ? "" : ` (${missing})`}`, () => {
  test("types fit", async () => {
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    await promisify(execFile)(process.execPath, [tsc, "-p", peers]).catch((error) => expect.fail(error.stdout));
  });

  test("the README has an example for each of the three", () => expect(examples.length).toBe(3));
  test.each(examples)("$file:$line runs", async (example) => {
    expect(await runExample(example, { folder: home })).toEqual([]);
  });

  describe("Vercel AI SDK", () => {
    const provider = kindredProvider(() => encoder);

    test("embedMany makes one call of however many values, and gives encode's vectors and its tokens", async () => {
      const { embedMany, embed } = await loadPeer("ai");
      const values = Array.from({ length: 3000 }, (_, i) => texts[i % 3] ?? "");
      let calls = 0;
      const counted = kindredProvider(() => {
        calls += 1;
        return encoder;
      });
      const { embeddings, usage } = await embedMany({ model: counted.embeddingModel("a"), values });
      expect(calls).toBe(1);
      const { embeddings: expected, dimension, tokenCounts } = await encoder.encode(values);
      expect(Float32Array.from(embeddings.flat())).toEqual(expected);
      expect(usage.tokens).toBe(tokenCounts.reduce((sum, count) => sum + count, 0));
      const { embedding } = await embed({ model: provider.embeddingModel("a"), value: texts[0] });
      expect(embedding).toEqual([...expected.subarray(0, dimension)]);
    });

    test("provider options, warnings and abort signals get through", async () => {
      const { embed, embedMany } = await loadPeer("ai");
      const model = provider.embeddingModel("a");
      const providerOptions = { kindred: { truncateDim: 8 } };
      const { embedding } = await embed({ model, value: "a cat", providerOptions });
      expect(embedding.length).toBe(8);
      const { warnings } = await embedMany({ model, values: ["a", "cat ".repeat(1000)] });
      expect(warnings).toEqual([{ type: "other", message: expect.stringMatching(/^1 of 2 values were longer/) }]);
      const reason = new Error("enough");
      await expect(embed({ model, value: "a", abortSignal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });

    test("a registry finds its models, and its refusals are the SDK's own", async () => {
      const { createProviderRegistry, embed, NoSuchModelError: theirs } = await loadPeer("ai");
      const registry = createProviderRegistry({ kindred: provider });
      const model = registry.embeddingModel("kindred:sentence-transformers/all-MiniLM-L6-v2");
      expect(model.modelId).toBe("sentence-transformers/all-MiniLM-L6-v2");
      expect((await embed({ model, value: "a" })).embedding.length).toBe(encoder.dimension);
      expect(() => registry.languageModel("kindred:gpt")).toThrow(NoSuchModelError);
      expect(theirs.isInstance(new NoSuchModelError("gpt", "languageModel"))).toBe(true);
      expect(theirs.isInstance(new TypeError())).toBe(false);
    });
  });

  describe("LangChain.js", () => {
    test("a vector store holds the documents' vectors and ranks them by the query's", async () => {
      const { MemoryVectorStore } = await loadPeer("@langchain/classic/vectorstores/memory");
      const documents = texts.map((pageContent, i) => ({ pageContent, metadata: { i } }));
      const store = await MemoryVectorStore.fromDocuments(documents, new KindredEmbeddings({ encoder }));
      const found = await store.similaritySearchWithScore("Is it raining?", 3);
      const { scores } = encoder.similarity(
        await encoder.encodeQuery("Is it raining?"),
        await encoder.encodeDocument(texts),
      );
      const expected = [...scores].map((score, i) => ({ i, score })).sort((a, b) => b.score - a.score);
      for (const [place, [document, score]] of found.entries()) {
        expect(document.metadata.i).toBe(expected[place]?.i);
        expect(score).toBeCloseTo(expected[place]?.score ?? Number.NaN, 6); // cosines in float64, of the same float32 vectors
      }
      const [best] = await store.asRetriever(1).invoke("Is it raining?");
      expect(best.metadata.i).toBe(expected[0]?.i);
    });

    test("embeddings that are cached are the same", async () => {
      const { CacheBackedEmbeddings } = await loadPeer("@langchain/classic/embeddings/cache_backed");
      const { InMemoryStore } = await loadPeer("@langchain/core/stores");
      const own = new KindredEmbeddings({ encoder });
      const cached = CacheBackedEmbeddings.fromBytesStore(own, new InMemoryStore(), { namespace: "a" });
      const expected = await own.embedDocuments(texts);
      expect(await cached.embedDocuments(texts)).toEqual(expected);
      expect(await cached.embedDocuments(texts)).toEqual(expected);
    });
  });

  describe("OpenAI", () => {
    const own = openAiClient(() => encoder);

    test("the official client makes of our answers what we give without it", async () => {
      const { OpenAI } = await loadPeer("openai");
      /** @type {string[]} */
      const formats = [];
      const fetch = async (/** @type {string} */ _url, /** @type {{ body: string }} */ { body }) => {
        const request = JSON.parse(body);
        formats.push(request.encoding_format);
        return Response.json(await own.embeddings.create(request));
      };
      const official = new OpenAI({ apiKey: "none", baseURL: "http://localhost", fetch });
      for (const request of [
        { model: "a", input: "a cat" },
        { model: "a", input: texts },
        { model: "a", input: texts, dimensions: 8, encoding_format: /** @type {const} */ ("float") },
        { model: "a", input: texts, encoding_format: /** @type {const} */ ("base64") },
      ]) {
        const { object, model, data, usage } = await official.embeddings.create(request);
        expect({ object, model, data, usage }).toEqual(await own.embeddings.create(/** @type {any} */ (request)));
      }
      expect(formats).toEqual(["base64", "base64", "float", "base64"]); // where nothing is said it asks for base64, and unpacks it
    });
  });
});
