import type { TextRow } from "../text-row.ts";
import type { Split } from "./dataset.ts";
import { sha256Hex } from "./sha256-hex.ts";
import { type NamedSynset, wordnetSynsets } from "./wordnet-synsets.ts";
import { withoutTexts } from "./without-texts.ts";

const heldOutCount = 2000;

/**
 * WordNet's rows, gloss → usage example, the synset's name as group. The two parts share no synset and no text.
 *
 * * `"held-out"`: 2,000 rows (definition, first example). Of the synsets whose first example has at least two words,
 *   and whose definition and first example are not those of another such synset, the 2,000 with the smallest SHA-256
 *   hex of their name, in that order.
 * * `"train"`: a row for every example of at least two words of every synset whose SHA-256 is above all of those, less
 *   the rows that share a text with the held-out part; in file order.
 * * `"all"`: a row for every example of at least two words, in file order.
 *
 * "Not those of another" leaves out both of two twins, so the choice depends on no order. Since everything below the
 * cut stays out of training, twins included, so would the choice of a rule that keeps one of the two.
 */
export async function wordnetRows(split: Split): Promise<readonly TextRow[]> {
  const synsets: HashedSynset[] = [];
  for await (const synset of wordnetSynsets()) {
    if (synset.examples.some(hasTwoWords)) synsets.push({ ...synset, hash: sha256Hex(synset.name) });
  }
  if (split === "all") return synsets.flatMap(exampleRows);
  const heldOut = heldOutSynsets(synsets);
  const heldOutRows = heldOut.map((synset) => rowOf(synset, synset.examples[0]!));
  if (split === "held-out") return heldOutRows;
  const cut = heldOut.at(-1)?.hash ?? "";
  return withoutTexts(synsets.filter(({ hash }) => hash > cut).flatMap(exampleRows), heldOutRows);
}

type HashedSynset = NamedSynset & { readonly hash: string };

function heldOutSynsets(synsets: readonly HashedSynset[]): readonly HashedSynset[] {
  const candidates = synsets.filter(({ examples }) => hasTwoWords(examples[0]!));
  const definitions = countsOf(candidates.map(({ definition }) => definition));
  const examples = countsOf(candidates.map((synset) => synset.examples[0]!));
  return candidates
    .filter((synset) => definitions.get(synset.definition) === 1 && examples.get(synset.examples[0]!) === 1)
    .sort((a, b) => (a.hash < b.hash ? -1 : 1))
    .slice(0, heldOutCount);
}

function countsOf(texts: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

function hasTwoWords(text: string): boolean {
  return /\S\s+\S/.test(text);
}

function exampleRows(synset: NamedSynset): TextRow[] {
  return synset.examples.filter(hasTwoWords).map((example) => rowOf(synset, example));
}

function rowOf({ definition, name, place }: NamedSynset, example: string): TextRow {
  return { texts: [definition, example], group: name, place };
}
