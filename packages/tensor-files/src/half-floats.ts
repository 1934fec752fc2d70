// float16 and bfloat16 to and from float32, bit by bit, in bulk. To narrow is to round to the nearest, ties to even;
// NaN stays NaN with the upper bits of its payload (made quiet, lest it become infinity), and what is too large becomes
// infinity. See IEEE 754-2019, sections 3.6 (binary16) and 4.3.1 (roundTiesToEven). `!` throughout: the loops run over the arrays that
// they read.

/** The float32 values of float16 bits; all are exact. */
export function float16ToFloat32(halves: Uint16Array): Float32Array {
  const values = new Float32Array(halves.length);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    const sign = (half & 0x8000) << 16;
    const magnitude = half & 0x7fff;
    // Below 2⁻¹⁴: subnormal there, a plain number of steps of 2⁻²⁴ here. From 0x7c00 up: infinity and NaN, exponent 255
    // here.
    if (magnitude < 0x0400) values[i] = (sign === 0 ? 1 : -1) * magnitude * 2 ** -24;
    else bits[i] = sign | ((magnitude << 13) + ((magnitude >= 0x7c00 ? 255 - 31 : 127 - 15) << 23));
  }
  return values;
}

/** The float16 bits nearest to float32 values. */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const sign = (bits[i]! >>> 16) & 0x8000;
    const magnitude = bits[i]! & 0x7fffffff;
    if (magnitude > 0x7f800000) halves[i] = sign | 0x7e00 | ((magnitude >>> 13) & 0x03ff);
    // 65,520, halfway from the largest float16 to the next power of two, is the first that rounds to infinity.
    else if (magnitude >= 0x477ff000) halves[i] = sign | 0x7c00;
    else if (magnitude >= 0x38800000) halves[i] = sign | roundOff(magnitude - ((127 - 15) << 23), 13);
    else halves[i] = sign | roundToEven(Math.abs(values[i]!) * 2 ** 24);
  }
  return halves;
}

/** The float32 values of bfloat16 bits: the upper halves of the same words; all are exact. */
export function bfloat16ToFloat32(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return new Float32Array(bits.buffer);
}

/** The bfloat16 bits nearest to float32 values. */
export function float32ToBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const isNan = (bits[i]! & 0x7fffffff) > 0x7f800000;
    halves[i] = isNan ? (bits[i]! >>> 16) | 0x40 : roundOff(bits[i]!, 16);
  }
  return halves;
}

/**
 * `word` without its lowest `count` bits, rounded to nearest, ties to even. A carry runs on into the exponent, as it
 * should.
 */
function roundOff(word: number, count: number): number {
  const isOdd = (word >>> count) & 1;
  return Math.floor((word + 2 ** (count - 1) - 1 + isOdd) / 2 ** count);
}

/** The integer nearest to a number of at least 0, of two the even one. */
function roundToEven(steps: number): number {
  const below = Math.floor(steps);
  const rest = steps - below;
  return below + (rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? 1 : 0);
}
