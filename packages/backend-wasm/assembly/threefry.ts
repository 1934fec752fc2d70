/** Skein's key-schedule parity constant, cut to 32 bits. */
const PARITY: i32 = 0x1bd11bda;

@inline
function turn(x: v128, left: i32): v128 {
  return v128.or(i32x4.shl(x, left), i32x4.shr_u(x, 32 - left));
}

/**
 * The first words of the Threefry-2x32-20 blocks at four counters (c0, c1): what `threefryInto` of @kindred/random computes, bit for bit.
 *
 * @see Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 4.2
 */
@inline
export function threefry4(k0: i32, k1: i32, c0: i32, c1: v128): v128 {
  const k2 = PARITY ^ k0 ^ k1;
  let x0 = i32x4.splat(c0 + k0);
  let x1 = i32x4.add(c1, i32x4.splat(k1));
  // Five groups of four rounds, and a key word after each.
  x0 = i32x4.add(x0, x1); x1 = v128.xor(turn(x1, 13), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(turn(x1, 15), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(turn(x1, 26), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(turn(x1, 6), x0);
  x0 = i32x4.add(x0, i32x4.splat(k1)); x1 = i32x4.add(x1, i32x4.splat(k2 + 1));

  x0 = i32x4.add(x0, x1); x1 = v128.xor(turn(x1, 17), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(turn(x1, 29), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(turn(x1, 16), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(turn(x1, 24), x0);
  x0 = i32x4.add(x0, i32x4.splat(k2)); x1 = i32x4.add(x1, i32x4.splat(k0 + 2));

  x0 = i32x4.add(x0, x1); x1 = v128.xor(turn(x1, 13), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(turn(x1, 15), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(turn(x1, 26), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(turn(x1, 6), x0);
  x0 = i32x4.add(x0, i32x4.splat(k0)); x1 = i32x4.add(x1, i32x4.splat(k1 + 3));

  x0 = i32x4.add(x0, x1); x1 = v128.xor(turn(x1, 17), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(turn(x1, 29), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(turn(x1, 16), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(turn(x1, 24), x0);
  x0 = i32x4.add(x0, i32x4.splat(k1)); x1 = i32x4.add(x1, i32x4.splat(k2 + 4));

  x0 = i32x4.add(x0, x1); x1 = v128.xor(turn(x1, 13), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(turn(x1, 15), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(turn(x1, 26), x0);
  x0 = i32x4.add(x0, x1);
  return i32x4.add(x0, i32x4.splat(k2));
}
