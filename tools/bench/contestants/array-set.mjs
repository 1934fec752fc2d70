// TypedArray.set between two large arrays: what memory gives. Half of the bytes are read, half are written.

/** @type {import("../contestant.mjs").Enter<{ bytes: number }>} */
export default function enter({ bytes }) {
  const source = new Float32Array(bytes / 8).fill(1);
  const target = new Float32Array(bytes / 8);
  return {
    name: "TypedArray.set",
    measure: () => {
      target.set(source);
      return bytes / 1e9;
    },
  };
}
