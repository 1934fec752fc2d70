import { join } from "node:path";
import { toFloat32 } from "@kindred/tensor-files";
import { openSafetensors } from "@kindred/tensor-files/node";

/**
 * The largest difference of any number, and the least cosine of any vector, between an encoder's vectors and Python's.
 *
 * @param {import("@kindred/sentence-encoder").SentenceEncoder} encoder
 * @param {{ golden: string, texts: string[], maxLength: number }} expected
 */
export async function realDifferences(encoder, { golden, texts, maxLength }) {
  const file = await openSafetensors(join(golden, "embeddings.safetensors"));
  const wanted = toFloat32(await file.read(`embeddings.${maxLength}`));
  await file.close();
  const { embeddings, dimension } = await encoder.encode(texts, { maxLength });
  if (embeddings.length !== wanted.length)
    throw new Error(
      `parity: got ${embeddings.length} numbers, expected ${wanted.length}. Is this the model that Python ran?`,
    );
  const largest = embeddings.reduce((most, value, i) => Math.max(most, Math.abs(value - (wanted[i] ?? Number.NaN))), 0);
  const cosines = encoder.similarityPairwise({ embeddings, dimension }, { embeddings: wanted, dimension });
  return { largest, leastCosine: Math.min(...cosines) };
}
