import { type EmbeddingRows, vectorBase64 } from "@kindred/vectors";

/** So many numbers are written at once; before more, other requests have their turn. */
const numbersAtOnce = 32_768;

/** An answer of JSON that comes in pieces: at once where it is short, else as fast as its reader reads. */
export function jsonResponse(
  pieces: Iterator<string>,
  isLong: boolean,
  headers: { readonly [name: string]: string },
): Response {
  const init = { headers: { ...headers, "content-type": "application/json" } };
  if (!isLong) {
    let text = "";
    for (let next = pieces.next(); next.done !== true; next = pieces.next()) text += next.value;
    return new Response(text, init);
  }
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve)); // others first
      const next = pieces.next();
      if (next.done === true) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
  });
  return new Response(stream, init);
}

/** Whether vectors are too many to be written at once. */
export function isLong({ embeddings }: EmbeddingRows): boolean {
  return embeddings.length > numbersAtOnce;
}

/** `[[…], …]`: the answer of `/embed`. */
export function* embedPieces(rows: EmbeddingRows): Generator<string, void> {
  yield* rowPieces(rows, numbersText);
}

/** The answer of `/embed_all`: for each text a vector a token. */
export function* embedAllPieces(texts: readonly Float32Array[], dimension: number): Generator<string, void> {
  for (const [i, embeddings] of texts.entries()) {
    yield i === 0 ? "[" : ",";
    yield* embedPieces({ embeddings, dimension });
  }
  yield "]";
}

/** The answer of `/v1/embeddings`. */
export function* openAiPieces(
  rows: EmbeddingRows,
  { format, model, tokens }: { readonly format: "float" | "base64"; readonly model: string; readonly tokens: number },
): Generator<string, void> {
  yield '{"object":"list","data":';
  const embedding = (row: Float32Array) => (format === "float" ? numbersText(row) : `"${vectorBase64(row)}"`);
  yield* rowPieces(rows, (row, index) => `{"object":"embedding","index":${index},"embedding":${embedding(row)}}`);
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  yield `,"model":${JSON.stringify(model)},"usage":${JSON.stringify(usage)}}`;
}

function* rowPieces(
  { embeddings, dimension }: EmbeddingRows,
  textOf: (row: Float32Array, index: number) => string,
): Generator<string, void> {
  const step = Math.max(1, Math.floor(numbersAtOnce / dimension));
  const count = embeddings.length / dimension;
  for (let first = 0; first < count; first += step) {
    const texts = Array.from({ length: Math.min(step, count - first) }, (_, i) =>
      textOf(embeddings.subarray((first + i) * dimension, (first + i + 1) * dimension), first + i),
    );
    yield `${first === 0 ? "[" : ","}${texts.join(",")}`;
  }
  yield count === 0 ? "[]" : "]";
}

function numbersText(row: Float32Array): string {
  return JSON.stringify(Array.from(row));
}
