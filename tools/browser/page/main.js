// The page of the browser test: tokenizer, sentence-encoder and trainer, bundled as any web application would.
import { wasm } from "@kindred/backend-wasm";
import { sentenceEncoderFromFiles } from "@kindred/sentence-encoder";
import { tokenizerFromJson } from "@kindred/tokenizer";
import { trainToy } from "./train-toy.js";
// A bundler gives each .wasm file an address of its own, so tfjs is told them by name.
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threadedSimd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import plain from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";

const wasmPaths = {
  "tfjs-backend-wasm.wasm": plain,
  "tfjs-backend-wasm-simd.wasm": simd,
  "tfjs-backend-wasm-threaded-simd.wasm": threadedSimd,
};

/** Called by the test, with the files of a model folder as base64. */
globalThis.encodeWithKindred = async (base64Files, texts) => {
  const files = {};
  for (const [name, text] of Object.entries(base64Files)) {
    files[name] = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  }
  const tokenizer = tokenizerFromJson(new TextDecoder().decode(files["tokenizer.json"]));
  const encoder = await sentenceEncoderFromFiles(files, { engine: wasm({ wasmPaths }) });
  const { embeddings } = await encoder.encode(texts);
  return { ids: texts.map((text) => [...tokenizer.encode(text).ids]), embeddings: [...embeddings] };
};

/** Called by the test: the events of a toy's run. */
globalThis.trainWithKindred = (pairs, vocabulary) => trainToy(pairs, vocabulary, wasm({ wasmPaths }));
