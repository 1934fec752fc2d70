import { tokenizerCase } from "./tokenizer-case.mjs";

/** @type {import("../row.mjs").Row} */
export const tokenizer = {
  id: "tokenizer",
  work: "tokenizing English, against @huggingface/tokenizers",
  how: "Lines of text one by one, other lines in each round, to the same ids; Kindred also gives each token's place in the text.",
  unit: "lines/s",
  value: "rate",
  better: "higher",
  floor: 8,
  cases: async (scale) => [await tokenizerCase(scale, { contestant: "huggingface-tokenizer" })],
};
