import { readGoldenTensors, readJson, sharedExists, sharedPath } from "@kindred/testing";
import { describe, expect, test } from "vitest";
import { loadSentenceEncoder } from "./node/load-sentence-encoder.ts";

// What Python's sentence-transformers gives for a random MPNet; made by the scripts beside the files, versions in their README.
const folder = ["golden", "mpnet-tiny"] as const;

type Expected = { readonly texts: readonly { readonly text: string; readonly truncated: boolean }[] };

describe.skipIf(!sharedExists(...folder))("mpnet-tiny, as sentence-transformers gives it", () => {
  test.each(["wasm", "tfjs", "cpu"] as const)("normalised vectors on %s, one by one and together", async (backend) => {
    const { texts } = readJson(sharedPath(...folder, "expected.json")) as Expected;
    const tensors = readGoldenTensors(sharedPath(...folder, "expected.safetensors"));
    await using encoder = await loadSentenceEncoder(sharedPath(...folder, "model"), { cores: 0, backend });
    const { embeddings, truncated } = await encoder.encode(texts.map(({ text }) => text));
    expect(truncated).toEqual(texts.flatMap((text, i) => (text.truncated ? [i] : [])));
    for (const [i, { text }] of texts.entries()) {
      const expected = tensors.get(`${String(i).padStart(2, "0")}.normalized.float64`)!;
      const alone = await encoder.encode(text);
      // 8 times the distance between Python's own float32 and float64 results
      expect(alone.embeddings).toBeCloseToArray(expected.values, { tolerance: 1e-6 });
      expect(embeddings.subarray(32 * i, 32 * (i + 1))).toBeCloseToArray(expected.values, { tolerance: 1e-6 });
    }
  });
});
