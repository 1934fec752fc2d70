import { tokenizerCase } from "./tokenizer-case.mjs";

/** @type {import("../row.mjs").Row} */
export const tokenizerRust = {
  id: "tokenizer-rust",
  work: "tokenizing English, against the Rust tokenizers from Python",
  how: "As `tokenizer`, against `tokenizer.encode(line).ids` of the Python package tokenizers.",
  unit: "lines/s",
  value: "rate",
  better: "higher",
  floor: 3,
  byHand: true,
  cases: async (scale, { python }) => [
    await tokenizerCase(scale, { contestant: "rust_tokenizer", ...(python === undefined ? {} : { python }) }),
  ],
};
