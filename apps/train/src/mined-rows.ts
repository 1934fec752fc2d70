/** The forms in which mined rows come, by sentence-transformers' names. */
export const outputFormats = ["triplet", "n-tuple", "labeled-pair", "labeled-list"] as const;

type Scored = { readonly text: string; readonly score: number };
/** A query with its positives and the negatives that were found. */
export type Found = {
  readonly query: string;
  readonly positives: readonly Scored[];
  readonly negatives: readonly Scored[];
};
type Format = (found: Found, options: { readonly outputScores: boolean; readonly numNegatives: number }) => object[];

const scoresOf = (scored: readonly Scored[], outputScores: boolean) =>
  outputScores ? { scores: scored.map(({ score }) => score) } : {};

/** What a query gives in each form. */
export const rowsOf: { readonly [format in (typeof outputFormats)[number]]: Format } = {
  triplet: ({ query, positives, negatives }, { outputScores }) =>
    positives.flatMap((positive) =>
      negatives.map((negative) => ({
        ...{ anchor: query, positive: positive.text, negative: negative.text },
        ...scoresOf([positive, negative], outputScores),
      })),
    ),
  "n-tuple": ({ query, positives, negatives }, { outputScores, numNegatives }) =>
    negatives.length < numNegatives
      ? []
      : positives.map((positive) => ({
          ...{ anchor: query, positive: positive.text },
          ...Object.fromEntries(negatives.map(({ text }, i) => [`negative_${i + 1}`, text])),
          ...scoresOf([positive, ...negatives], outputScores),
        })),
  "labeled-pair": ({ query, positives, negatives }, { outputScores }) =>
    [...positives, ...negatives].map(({ text, score }, i) => ({
      ...{ anchor: query, document: text },
      ...(outputScores ? { score } : { label: i < positives.length ? 1 : 0 }),
    })),
  "labeled-list": ({ query, positives, negatives }, { outputScores }) =>
    negatives.length === 0
      ? []
      : positives.map((positive) => {
          const documents = [positive, ...negatives];
          return {
            ...{ anchor: query, documents: documents.map(({ text }) => text) },
            ...(outputScores ? scoresOf(documents, true) : { labels: documents.map((_, i) => (i === 0 ? 1 : 0)) }),
          };
        }),
};

/** How many of a query's pairs are in no row. */
export function pairsWithout(
  { positives, negatives }: Found,
  rows: number,
  format: (typeof outputFormats)[number],
): number {
  return positives.length - (format === "triplet" ? (negatives.length > 0 ? positives.length : 0) : rows);
}
