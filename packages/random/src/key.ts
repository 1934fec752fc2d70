/**
 * The name of one stream of random numbers: two unsigned 32-bit words, the key of a Threefry block.
 *
 * Plain data: it can be sent to a worker, written to a checkpoint, compared word by word. Make one with `keyFromSeed`,
 * split it with `childKey`, and use each key for one thing only: two functions that draw from one key see the same
 * bits.
 */
export type Key = readonly [k0: number, k1: number];
