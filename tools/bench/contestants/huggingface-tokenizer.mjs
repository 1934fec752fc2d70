// @huggingface/tokenizers, line by line, from the same tokenizer.json.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { linesOfRound } from "../inputs/lines-of-round.mjs";
import { loadPeer, peerName } from "../peers/load.mjs";

/** @type {import("../contestant.mjs").Enter<import("./kindred-tokenizer.mjs").TokenizerSetup>} */
export default async function enter(setup) {
  const { Tokenizer } = await loadPeer("@huggingface/tokenizers");
  const config = readFileSync(join(dirname(setup.file), "tokenizer_config.json"), "utf8");
  const tokenizer = new Tokenizer(JSON.parse(readFileSync(setup.file, "utf8")), JSON.parse(config));
  /** @type {number[][]} */
  let encoded = [];
  return {
    name: peerName("@huggingface/tokenizers"),
    measure: (round) => {
      encoded = linesOfRound(setup, round).map((line) => tokenizer.encode(line).ids);
      return encoded.length;
    },
    sample: () => encoded.flat(),
  };
}
