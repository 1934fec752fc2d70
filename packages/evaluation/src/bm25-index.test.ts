import "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bm25Index, mrrOfPairs } from "./index.ts";

const word = fc.constantFrom("cat", "dog", "ran", "the", "constructor", "__proto__", "42");
const text = fc.array(word, { maxLength: 8 }).map((words) => words.join(" "));
const documents = fc.array(text, { minLength: 1, maxLength: 10 });

test("scores one word of one document by the formula", () => {
  // N = 2, mean length 3; "cat" is in one document, twice among 4 words.
  const [score, none] = bm25Index(["cat cat a b", "c d"]).scores("Cat!");
  const idf = Math.log(1 + (2 - 1 + 0.5) / (1 + 0.5));
  expect(score).toBeCloseTo((idf * 2 * 2.2) / (2 + 1.2 * (0.25 + (0.75 * 4) / 3)), 15);
  expect(none).toBe(0);
});

test("equals the formula, summed over the query's different words in every document", () => {
  fc.assert(
    fc.property(documents, text, fc.constantFrom(0, 1.2, 2), fc.constantFrom(0, 0.75, 1), (all, query, k1, b) => {
      const tokens = all.map((document): readonly string[] => document.match(/[a-z0-9]+/g) ?? []);
      const mean = tokens.reduce((sum, own) => sum + own.length, 0) / all.length;
      const expected = tokens.map((own) =>
        [...new Set(query.match(/[a-z0-9]+/g))].reduce((sum, term) => {
          const having = tokens.filter((other) => other.includes(term)).length;
          const frequency = own.filter((other) => other === term).length;
          if (frequency === 0) return sum;
          const idf = Math.log(1 + (all.length - having + 0.5) / (having + 0.5));
          return sum + (idf * frequency * (k1 + 1)) / (frequency + k1 * (1 - b + (b * own.length) / mean));
        }, 0),
      );
      // The same float64 operations over at most 16 terms of up to 7: 16·7·1.1e-16. Without the + 1 in the idf it would
      // be 0.1 off.
      expect(bm25Index(all, { k1, b }).scores(query)).toBeCloseToArray(expected, { tolerance: 1e-13 });
    }),
  );
});

test("is never negative, adds up over the words of a query, and does not hear a word twice", () => {
  fc.assert(
    fc.property(documents, fc.uniqueArray(word), (all, words) => {
      const index = bm25Index(all);
      const scores = index.scores(words.join(" "));
      const sums = all.map((_, i) => words.reduce((sum, one) => sum + index.scores(one)[i]!, 0));
      expect(scores).toBeCloseToArray(sums, { tolerance: 1e-13 });
      expect(Math.min(...scores)).toBeGreaterThanOrEqual(0);
      expect(index.scores([...words, ...words].join(" "))).toEqual(scores);
    }),
  );
});

test("permuting documents permutes scores", () => {
  fc.assert(
    fc.property(documents, text, (all, query) => {
      expect([...bm25Index([...all].reverse()).scores(query)].reverse()).toEqual([...bm25Index(all).scores(query)]);
    }),
  );
});

test("search gives the documents with a score, best first, equal ones by number", () => {
  fc.assert(
    fc.property(documents, text, fc.nat(12), (all, query, limit) => {
      const index = bm25Index(all);
      const scores = index.scores(query);
      const expected = [...scores.keys()]
        .filter((i) => scores[i]! > 0)
        .sort((a, b) => scores[b]! - scores[a]! || a - b);
      expect(index.search(query, limit)).toEqual(
        expected.slice(0, limit).map((document) => ({ document, score: scores[document] })),
      );
    }),
  );
});

test("a matrix of queries is their scores, row by row", () => {
  const index = bm25Index(["red cat", "blue dog", "red dog"]);
  const { scores, rows, columns } = index.scoreMatrix(["red", "dog"]);
  expect([rows, columns, index.documentCount]).toEqual([2, 3, 3]);
  expect([...scores]).toEqual([...index.scores("red"), ...index.scores("dog")]);
  // Query 1 ties with document 2, which counts against it; query 0 ties too.
  expect(mrrOfPairs({ scores, rows, columns })).toBe(0.5);
});

test("words are runs of a–z and 0–9 after lower-casing; another tokenizer may say otherwise", () => {
  const index = bm25Index(["naïve café-42", "İstanbul"]);
  expect(index.scores("CAF")[0]).toBeGreaterThan(0);
  expect(index.scores("café")).toEqual(index.scores("caf"));
  expect(index.scores("ï é ?")).toEqual(new Float64Array(2));
  expect(bm25Index(["a,b"], { tokenize: (text) => text.split(",") }).scores("b")[0]).toBeGreaterThan(0);
});

test("nothing to search gives nothing; documents without words score 0", () => {
  expect(bm25Index([]).scores("a")).toEqual(new Float64Array(0));
  expect(bm25Index(["", "?"]).scores("a")).toEqual(new Float64Array(2));
  expect(bm25Index(["a"]).search("", 3)).toEqual([]);
});
