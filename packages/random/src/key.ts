import { ConfigError } from "@kindred/errors";
import { threefry2x32 } from "./threefry.ts";

/**
 * The name of one stream of random numbers: two unsigned 32-bit words, the key of a Threefry block.
 *
 * Plain data: it can be sent to a worker, written to a checkpoint, compared word by word. Make one with `keyFromSeed`,
 * split it with `childKey`, and use each key for one thing only: two functions that draw from one key see the same
 * bits.
 */
export type Key = readonly [k0: number, k1: number];

/** The first 64 bits of π's fraction: any fixed key would do, this one hides nothing. */
const ROOT: Key = [0x243f6a88, 0x85a308d3];

/**
 * The key of a whole run, made from what a user types as its seed.
 *
 * The seed is hashed (it is a child of one fixed key), so seeds 0, 1, 2, … are as unlike each other as any. The number
 * 7 and the text "7" are different seeds.
 *
 * @param seed a safe integer or any string
 * @throws ConfigError if a number is not a safe integer
 *
 * @example
 * ```ts
 * import { keyFromSeed } from "@kindred/random";
 *
 * keyFromSeed(42); // => [1268532500, 3803425926]
 * keyFromSeed("42"); // => [3013058501, 1074947377]
 * ```
 */
export function keyFromSeed(seed: number | string): Key {
  return childKey(ROOT, seed);
}

/** "splt": moves splitting to other keys than drawing, so that no child key is also a number that its parent drew. */
const SPLIT = 0x73706c74;
const NAME = 0;
const NUMBER = 1;

/**
 * The key of a named part of another key's randomness: `childKey(key, "dropout", step, "layer.3")`.
 *
 * A path is walked from left to right, so `childKey(key, "a", "b")` is `childKey(childKey(key, "a"), "b")`; an empty
 * path gives the key itself. Each element is hashed into the key by the block function: with F the block function and
 * w₁ … wₙ the element's 64-bit words,
 *
 *     k ← F(k with k0 xor "splt", [kind, byte length]);   k ← F(k, wᵢ) for i = 1 … n
 *
 * A string's words are its UTF-8 bytes, little-endian, zero-filled at the end (kind 0; a lone surrogate counts as
 * U+FFFD); a number's word is its 64-bit two's complement (kind 1). The length comes first, so no message begins
 * another: on such messages this cascade is as good a hash as F is a random function. `"3"` and `3` are different
 * children. Two of m keys are equal with chance below m²/2⁶⁵.
 *
 * @param path names (any string) and safe integers
 * @throws ConfigError if a number is not a safe integer
 * @see Bellare, Canetti, Krawczyk, "Pseudorandom functions revisited: the cascade construction", FOCS 1996, section 3
 *
 * @example
 * ```ts
 * import { childKey, keyFromSeed } from "@kindred/random";
 *
 * const key = keyFromSeed(42);
 * childKey(key, "weights"); // => [4132605851, 3051861452]
 * ```
 */
export function childKey(key: Key, ...path: readonly (string | number)[]): Key {
  for (const element of path)
    key = typeof element === "string" ? namedChild(key, element) : numberedChild(key, element);
  return key;
}

function namedChild(key: Key, name: string): Key {
  const { length } = new TextEncoder().encode(name);
  const bytes = new Uint8Array(Math.ceil(length / 8) * 8);
  new TextEncoder().encodeInto(name, bytes);
  const words = new DataView(bytes.buffer);
  let child: Key = threefry2x32([key[0] ^ SPLIT, key[1]], NAME, length);
  for (let at = 0; at < length; at += 8) {
    child = threefry2x32(child, words.getUint32(at, true), words.getUint32(at + 4, true));
  }
  return child;
}

function numberedChild(key: Key, number: number): Key {
  if (!Number.isSafeInteger(number)) {
    throw new ConfigError(`childKey: not a number that can name a key. Got ${number}, expected a safe integer.`, {
      number,
    });
  }
  const child = threefry2x32([key[0] ^ SPLIT, key[1]], NUMBER, 8);
  return threefry2x32(child, number >>> 0, Math.floor(number / 2 ** 32) >>> 0);
}
