// Kindred's tokenizer, line by line.
import { readFileSync } from "node:fs";
import { tokenizerFromJson } from "@kindred/tokenizer";
import { linesOfRound } from "../inputs/lines-of-round.mjs";

/** @typedef {{ file: string, lines: string[], linesAtOnce: number }} TokenizerSetup file: tokenizer.json */

/** @type {import("../contestant.mjs").Enter<TokenizerSetup>} */
export default function enter(setup) {
  const tokenizer = tokenizerFromJson(readFileSync(setup.file, "utf8"));
  /** @type {Int32Array[]} */
  let encoded = [];
  return {
    name: "Kindred",
    measure: (round) => {
      encoded = linesOfRound(setup, round).map((line) => tokenizer.encode(line).ids);
      return encoded.length;
    },
    sample: () => encoded.flatMap((ids) => [...ids]),
  };
}
