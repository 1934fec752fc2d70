import { searchCase } from "./search-case.mjs";

/** @type {import("../row.mjs").Row} */
export const searchNumpy = {
  id: "search-numpy",
  work: "exact search in an index in memory, against NumPy's sum",
  how: "As `search`; the other side is `array.sum()` of as many float32 numbers by NumPy.",
  unit: "GB/s",
  value: "rate",
  better: "higher",
  floor: 0.5,
  byHand: true,
  cases: (scale, { python }) => {
    const { count, ...ours } = searchCase(scale);
    return [
      { ...ours, theirs: { contestant: "numpy_sum", setup: { count }, ...(python === undefined ? {} : { python }) } },
    ];
  },
};
