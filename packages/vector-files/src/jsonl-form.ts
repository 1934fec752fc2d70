import type { VectorForm } from "./vector-form.ts";

const nothing = new Uint8Array();

/** `.jsonl`: a row a line, `{"id": …, "text": "…", "embedding": […]}`, id and text where there are any. */
export const jsonlForm: VectorForm = {
  name: "jsonl",
  ending: ".jsonl",
  holds: { ids: true, texts: true },
  streams: true,
  head: () => nothing,
  piece({ dimension, ids: hasIds, texts: hasTexts }, { embeddings, ids = [], texts = [] }) {
    const lines: string[] = [];
    for (let row = 0; row * dimension < embeddings.length; row++) {
      const vector = embeddings.subarray(row * dimension, (row + 1) * dimension);
      const embedding = vector instanceof Float32Array ? Array.from(vector, nineDigits) : Array.from(vector);
      const line = { ...(hasIds && { id: ids[row] ?? null }), ...(hasTexts && { text: texts[row] ?? "" }), embedding };
      lines.push(`${JSON.stringify(line)}\n`);
    }
    return { bytes: new TextEncoder().encode(lines.join("")) };
  },
  end: () => nothing,
};

/** As few digits as give a float32 back exactly. */
function nineDigits(value: number): number {
  return Number(value.toPrecision(9));
}
