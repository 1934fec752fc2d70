import { searchCase } from "./search-case.mjs";

/** @type {import("../row.mjs").Row} */
export const search = {
  id: "search",
  work: "exact search in an index in memory, against reading it once",
  how:
    "The ten rows of an index that are most like one query, by `openIndex(folder).search` with the rows in memory, cosines and float64 scores; the other side is the sum of as many " +
    "numbers by a kernel of our own, which reads them once and does nothing else. GB/s of rows.",
  unit: "GB/s",
  value: "rate",
  better: "higher",
  floor: 0.5,
  cases: (scale) => {
    const { count, ...ours } = searchCase(scale);
    return [{ ...ours, theirs: { contestant: "plain-sum", setup: { count } } }];
  },
};
