// The page of the browser test: tokenizer, sentence-encoder and trainer, bundled as any web application would.
import { sentenceEncoderFromFiles } from "@kindred/sentence-encoder";
import { tokenizerFromJson } from "@kindred/tokenizer";
import { trainingCore } from "@kindred/trainer";
import { soloStepRunner, startStepRunner } from "@kindred/tpu-sharding";
import { bundledWasm } from "./bundled-wasm.js";
import { trainToy } from "./train-toy.js";

/** Called by the test, with the files of a model folder as base64. */
globalThis.encodeWithKindred = async (base64Files, texts) => {
  const files = {};
  for (const [name, text] of Object.entries(base64Files)) {
    files[name] = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  }
  const tokenizer = tokenizerFromJson(new TextDecoder().decode(files["tokenizer.json"]));
  const encoder = await sentenceEncoderFromFiles(files, { engine: bundledWasm() });
  const { embeddings } = await encoder.encode(texts);
  return { ids: texts.map((text) => [...tokenizer.encode(text).ids]), embeddings: [...embeddings] };
};

/** Called by the test: the events of a toy's run in the page's own thread. */
globalThis.trainWithKindred = (pairs, vocabulary) =>
  trainToy(pairs, vocabulary, bundledWasm(), (steps) => soloStepRunner({ ...steps, program: trainingCore }));

/** Called by the test: the same on web workers that share memory. */
globalThis.trainOnWorkers = (pairs, vocabulary, cores) => {
  const worker = () => new Worker(new URL("./train-worker.js", import.meta.url), { type: "module" });
  return trainToy(pairs, vocabulary, bundledWasm(), (steps) =>
    startStepRunner({ ...steps, cores, program: { worker } }),
  );
};
