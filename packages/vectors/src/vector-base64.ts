/**
 * Numbers as OpenAI's API sends them: the bytes of float32, little end first on every machine that runs WebAssembly, in base64.
 *
 * @see https://platform.openai.com/docs/api-reference/embeddings
 *
 * @example
 * ```ts
 * import { vectorBase64 } from "@kindred/vectors";
 *
 * vectorBase64(Float32Array.of(1, -2)); // => "AACAPwAAAMA="
 * ```
 */
export function vectorBase64(vector: Float32Array): string {
  const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return btoa(text);
}
