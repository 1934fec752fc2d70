/**
 * How many pieces of a first and a second text to keep so that together there are at most `limit`: the longer one gives first.
 *
 * The rule of the Rust tokenizers' `longest_first`, in its closed form; with an odd `limit` the odd piece goes to the text that
 * was longer (to the second of two equal ones).
 *
 * @see utils/truncation.rs in huggingface/tokenizers
 */
export function truncatePair(first: number, second: number, limit: number): [first: number, second: number] {
  if (first + second <= limit) return [first, second];
  const shorter = Math.min(first, second);
  let keepShorter = shorter;
  let keepLonger = Math.max(shorter, limit - shorter);
  if (keepShorter + keepLonger > limit) {
    keepShorter = Math.floor(limit / 2);
    keepLonger = limit - keepShorter;
  }
  return first > second ? [keepLonger, keepShorter] : [keepShorter, keepLonger];
}
