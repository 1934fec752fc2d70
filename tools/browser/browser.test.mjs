// A web application that bundles tokenizer, sentence-encoder and trainer gets in a browser what Node gives.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { sentenceEncoderFromFiles } from "@kindred/sentence-encoder";
import { wasm } from "@kindred/backend-wasm";
import { soloStepRunner } from "@kindred/tpu-sharding";
import { startStepRunner } from "@kindred/tpu-sharding/node";
import { trainingCore, trainingCoreModule } from "@kindred/trainer";
import { toyPairs, toyVocabulary } from "@kindred/testing";
import { tokenizerFromJson } from "@kindred/tokenizer";
import { build, preview } from "vite";
import { describe, expect, test } from "vitest";
import { root } from "../node-runtime.mjs";
import { browserPath, startBrowser } from "./chromium.mjs";
import { trainToy } from "./page/train-toy.js";

const page = fileURLToPath(new URL("./page/", import.meta.url));
const modelFolder = join(root, "..", "shared", "golden", "mpnet-tiny", "model");

test.skipIf(browserPath === undefined || !existsSync(modelFolder))(
  "encodes sentences in headless chromium as Node does",
  async () => {
    const files = modelFiles();
    const texts = ["A model that runs in a page.", "Ünïcödé 漢字 🙂", ""];
    const there = await inBrowser(async (tab) => {
      const base64 = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, bytes.toString("base64")]));
      return tab.evaluate(
        ([given, rows]) => /** @type {any} */ (globalThis).encodeWithKindred(given, rows),
        [base64, texts],
      );
    });

    const tokenizer = tokenizerFromJson(files["tokenizer.json"]?.toString("utf8") ?? "");
    expect(there.ids).toEqual(texts.map((text) => [...tokenizer.encode(text).ids]));
    const encoder = await sentenceEncoderFromFiles(files);
    const here = await encoder.encode(texts).finally(() => encoder.close());
    expect(there.embeddings.length).toBe(here.embeddings.length);
    // Both are normalised rows, so 1e-6 is absolute. Another token or another row order moves entries by 1e-2 and more.
    const largest = here.embeddings.reduce((max, value, i) => Math.max(max, Math.abs(value - there.embeddings[i])), 0);
    expect(largest).toBeLessThan(1e-6);
    expect(Math.max(...here.embeddings)).toBeGreaterThan(0.1);
  },
  180_000,
);

describe.skipIf(browserPath === undefined)("ten steps of a toy in headless chromium", () => {
  const given = /** @type {const} */ ([toyPairs, toyVocabulary]);

  test("give what Node gives", async () => {
    const there = await inBrowser((tab) =>
      tab.evaluate(([pairs, text]) => /** @type {any} */ (globalThis).trainWithKindred(pairs, text), given),
    );
    const here = await trainToy(...given, wasm(), (steps) => soloStepRunner({ ...steps, program: trainingCore }));
    expectSameRun(there, here);
  }, 180_000);

  test("give on two web workers what Node gives on two worker threads", async () => {
    const there = await inBrowser((tab) =>
      tab.evaluate(([pairs, text]) => /** @type {any} */ (globalThis).trainOnWorkers(pairs, text, 2), given),
    );
    const program = trainingCoreModule();
    const here = await trainToy(...given, wasm(), (steps) => startStepRunner({ ...steps, cores: 2, program }));
    expect(there[0]).toMatchObject({ type: "start", cores: 2 });
    expectSameRun(there, here);
  }, 180_000);
});

/** @typedef {readonly import("@kindred/trainer").TrainEvent[]} Events */

/**
 * The same kernels over the same numbers: what may differ is V8's choice of a build of them, which rounds otherwise. A step moves the loss
 * by 1e-2.
 *
 * @param {Events} there
 * @param {Events} here
 */
function expectSameRun(there, here) {
  expect(there.map(({ type }) => type)).toEqual(here.map(({ type }) => type));
  const [losses, expected] = [there, here].map((events) =>
    events.flatMap((event) => (event.type === "step" ? [event.loss] : [])),
  );
  expect(losses).toHaveLength(10);
  for (const [step, loss] of (expected ?? []).entries())
    expect(Math.abs(loss - (losses?.[step] ?? 0))).toBeLessThan(1e-5);
  expect(losses?.at(-1)).toBeLessThan(losses?.[0] ?? 0);
}

/**
 * Bundles the page, serves it on this machine only, and hands a tab that shows it to a function.
 *
 * @template T
 * @param {(tab: import("playwright-core").Page) => Promise<T>} use
 * @returns {Promise<T>}
 */
async function inBrowser(use) {
  const outDir = await mkdtemp(join(tmpdir(), "kindred-browser-"));
  const settings = /** @type {const} */ ({ root: page, configFile: false, logLevel: "error" });
  await build({ ...settings, worker: { format: "es" }, build: { outDir, emptyOutDir: true } });
  // Browsers give shared memory to isolated pages alone.
  const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
  const server = await preview({
    ...settings,
    build: { outDir },
    preview: { host: "127.0.0.1", open: false, headers },
  });
  const browser = await startBrowser();
  try {
    const tab = await browser.newPage();
    /** @type {string[]} */
    const errors = [];
    tab.on("pageerror", (error) => errors.push(String(error)));
    tab.on("requestfailed", (request) => errors.push(`${request.url()} could not be loaded`));
    await tab.goto(server.resolvedUrls?.local[0] ?? "");
    const result = await use(tab);
    expect(errors).toEqual([]);
    return result;
  } finally {
    await browser.close();
    await server.close();
    await rm(outDir, { recursive: true, force: true });
  }
}

/** The files of the small model, by path with slashes. */
function modelFiles() {
  const names = readdirSync(modelFolder, { recursive: true, encoding: "utf8" });
  const wanted = names.filter((name) => /\.(json|txt|safetensors)$/.test(name));
  return Object.fromEntries(wanted.map((name) => [name.split(sep).join("/"), readFileSync(join(modelFolder, name))]));
}
