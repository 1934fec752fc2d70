import { trainedTokenizer } from "../inputs/trained-tokenizer.mjs";
import { tokenizerCase } from "./tokenizer-case.mjs";

/** What is trained on the lines, beside MPNet's WordPiece. */
const trained = /** @type {const} */ ([
  ["bpe", "byte-level BPE"],
  ["unigram", "Unigram"],
]);

/** @type {import("../row.mjs").Row} */
export const tokenizerRust = {
  id: "tokenizer-rust",
  work: "tokenizing English, against the Rust tokenizers from Python",
  how: "As `tokenizer`, against `tokenizer.encode(line).ids` of the Python package tokenizers on one thread; of BPE and Unigram with vocabularies that it trained on those lines.",
  unit: "lines/s",
  value: "rate",
  better: "higher",
  floor: 3,
  byHand: true,
  cases: async (scale, { python }) => {
    const environment = { TOKENIZERS_PARALLELISM: "false", RAYON_NUM_THREADS: "1" };
    const peer = { contestant: "rust_tokenizer", environment, ...(python === undefined ? {} : { python }) };
    const cases = [await tokenizerCase(scale, peer)];
    if (python === undefined) return cases; // the others are trained by it
    for (const [model, name] of trained) {
      const { file, size } = await trainedTokenizer(model, scale, python);
      cases.push(await tokenizerCase(scale, peer, { name: `${name} of ${size.toLocaleString("en")}`, file }));
    }
    return cases;
  },
};
