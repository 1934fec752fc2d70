import { ShapeError } from "@kindred/errors";
import type { Core, Into } from "./core.ts";
import {
  type Collective,
  type ElementType,
  elementTypeOf,
  type MeshMemory,
  type NumericArray,
  type Ticket,
  viewOf,
} from "./mesh-memory.ts";
import type { Rendezvous } from "./rendezvous.ts";
import { shardCounts } from "./shard-rows.ts";

/** The collectives of one core over shared memory. Each begins with a ticket that says what it is. */
export function meshCore(rendezvous: Rendezvous, post: (message: unknown) => void): Core {
  const { index } = rendezvous;
  const { size } = rendezvous.memory;

  function barrier(): void {
    rendezvous.begin();
    rendezvous.meet({ collective: "barrier", elementType: undefined, length: -1, detail: 0, offered: 0 });
  }

  function broadcast<T extends NumericArray>(array: T, root = 0): T {
    if (!Number.isInteger(root) || root < 0 || root >= size) {
      throw new ShapeError(`broadcast: no such core. Got root ${root}, expected 0 to ${size - 1}.`, { root, size });
    }
    const offered = index === root ? array.length : 0;
    const ticket = { ...ticketFor(rendezvous, "broadcast", array), detail: root, offered };
    return gatherPieces(rendezvous, ticket, array.subarray(0, offered) as T, array);
  }

  function reduceScatter<T extends NumericArray>(
    array: T,
    options: Into<T> & { readonly counts?: ArrayLike<number> } = {},
  ): T {
    const counts = checkedCounts(options.counts ?? shardCounts(array.length, size), array.length, size);
    const ticket = { ...ticketFor(rendezvous, "reduceScatter", array), detail: checksum(counts) };
    return reducePieces(rendezvous, ticket, array, { ...options, counts });
  }

  function allReduce<T extends NumericArray>(array: T, { into }: Into<T> = {}): T {
    const ticket = ticketFor(rendezvous, "allReduce", array);
    const own = reducePieces(rendezvous, ticket, array, { counts: shardCounts(array.length, size) });
    return gatherPieces(rendezvous, { ...ticket, offered: own.length }, own, into);
  }

  function allGather<T extends NumericArray>(array: T, { into }: Into<T> = {}): T {
    return gatherPieces(rendezvous, { ...ticketFor(rendezvous, "allGather", array), length: -1 }, array, into);
  }

  return Object.freeze({
    index,
    size,
    barrier,
    broadcast,
    allReduce,
    reduceScatter,
    allGather,
    allReduceScalar: (value: number) => {
      const [sum = value] = allReduce(Float64Array.of(value));
      return sum;
    },
    allGatherScalar: (value: number) => allGather(Float64Array.of(value)),
    post,
  });
}

/** The counts of a reduceScatter, one a core, that add up to the array's length; a `ShapeError` otherwise. */
export function checkedCounts(counts: ArrayLike<number>, length: number, size: number): readonly number[] {
  const list = Array.from(counts);
  const sum = list.reduce((total, count) => total + count, 0);
  if (list.length === size && sum === length && list.every((count) => Number.isInteger(count) && count >= 0))
    return list;
  throw new ShapeError(
    `reduceScatter: counts do not divide the array. Got counts [${list}] for ${length} elements, ` +
      `expected ${size} integers ≥ 0 that add up to ${length}.`,
    { counts: list, length, size },
  );
}

/** A ticket that brings an array whose type is known to be carried. */
type DataTicket = Ticket & { readonly elementType: ElementType };

function ticketFor(rendezvous: Rendezvous, collective: Collective, array: NumericArray): DataTicket {
  const elementType = elementTypeOf(collective, array);
  rendezvous.begin();
  return { collective, elementType, length: array.length, detail: 0, offered: array.length };
}

/**
 * The cores' arrays end to end, in core order, through shared scratch, one meeting a piece.
 *
 * `ticket.offered` must be `array.length`. `into` receives the result where it is given.
 */
function gatherPieces<T extends NumericArray>(rendezvous: Rendezvous, ticket: DataTicket, array: T, into?: T): T {
  const piece = pieceLength(rendezvous.memory, ticket.elementType);
  const meet = (k: number) => {
    const { own, all } = scratchViews(rendezvous, ticket.elementType);
    own.set(array.subarray(k * piece, (k + 1) * piece));
    return { all, lengths: rendezvous.meet(ticket, k) };
  };
  const first = meet(0);
  const total = first.lengths.reduce((sum, length) => sum + length, 0);
  const pieces = Math.ceil(Math.max(...first.lengths) / piece);
  const out = resultArray(ticket.collective, array, { length: total, into });
  for (let k = 0; k < pieces; k++) {
    const { all, lengths } = k === 0 ? first : meet(k);
    let start = 0;
    for (const [core, view] of all.entries()) {
      const length = lengths[core] ?? 0; // there is one for each core
      const count = Math.min(piece, length - k * piece);
      if (count > 0) out.set(view.subarray(0, count), start + k * piece);
      start += length;
    }
  }
  return out;
}

/**
 * This core's part of the sum of the cores' arrays, where core c's part is the `counts[c]` elements after those of the cores
 * before it. One meeting a piece: a piece holds as many elements for each core, so all cores add all the time.
 */
function reducePieces<T extends NumericArray>(
  rendezvous: Rendezvous,
  ticket: DataTicket,
  array: T,
  { counts, into }: { readonly counts: readonly number[] } & Into<T>,
): T {
  const { index, memory } = rendezvous;
  const piece = Math.floor(pieceLength(memory, ticket.elementType) / memory.size);
  const own = counts[index] ?? 0; // there is one for each core
  const pieces = Math.max(1, Math.ceil(Math.max(...counts) / piece));
  const out = resultArray(ticket.collective, array, { length: own, into });
  for (let k = 0; k < pieces; k++) {
    const { own: scratch, all } = scratchViews(rendezvous, ticket.elementType);
    let start = 0;
    for (const [core, count] of counts.entries()) {
      const from = Math.min(count, k * piece);
      const to = Math.min(count, (k + 1) * piece);
      scratch.set(array.subarray(start + from, start + to), core * piece);
      start += count;
    }
    rendezvous.meet(ticket, k);
    const count = Math.max(0, Math.min(piece, own - k * piece));
    const sources = all.map((view) => view.subarray(index * piece, index * piece + count));
    sumArrays(out.subarray(k * piece, k * piece + count), sources);
  }
  return out;
}

/** The halves of the cores' scratch that belong to the coming meeting, as elements of one type. */
function scratchViews({ memory, scratch, parity }: Rendezvous, type: ElementType) {
  const place = { start: parity * memory.halfBytes, bytes: memory.halfBytes };
  return { own: viewOf(type, scratch, place), all: memory.scratch.map((buffer) => viewOf(type, buffer, place)) };
}

/** How many elements fit in one half. */
function pieceLength(memory: MeshMemory, type: ElementType): number {
  return Math.floor(memory.halfBytes / type.BYTES_PER_ELEMENT);
}

/**
 * 32 bits by which cores notice that their counts differ.
 *
 * @see Fowler, Noll and Vo 1991, FNV-1a.
 */
function checksum(counts: readonly number[]): number {
  let hash = 0x811c9dc5;
  for (const count of counts) hash = Math.imul(hash ^ count, 0x01000193);
  return hash;
}

/** `into` if it has the right length, or else a new array of the same type as `array`. */
export function resultArray<T extends NumericArray>(
  functionName: string,
  array: T,
  { length, into }: { readonly length: number; readonly into?: T | undefined },
): T {
  if (into === undefined) return new (array.constructor as new (length: number) => T)(length);
  if (into.length === length) return into;
  throw new ShapeError(
    `${functionName}: \`into\` does not fit the result. Got ${into.length} elements, expected ${length}.`,
    { into: into.length, length },
  );
}

/**
 * `out[i] = sources[0][i] + sources[1][i] + …` for i < out.length, added in that order in float64 and rounded once.
 *
 * The result depends on the values and their order alone, so it repeats bit for bit. `out` may be one of the sources, each of which has
 * at least as many elements.
 *
 * @example
 * ```ts
 * import { sumArrays } from "@kindred/mesh";
 *
 * const out = new Float32Array(2);
 * sumArrays(out, [Float32Array.of(1, 2), Float32Array.of(10, 20)]);
 * out; // => [11, 22]
 * ```
 */
export function sumArrays(out: NumericArray, sources: readonly NumericArray[]): void {
  const [first, second, ...others] = sources;
  if (first === undefined) out.fill(0);
  else if (second === undefined) out.set(first);
  else if (others.length === 0) sumTwo(out, first, second);
  else sumMany(out, first, [second, ...others]);
}

/** The loop below takes three times as long for two. In both, every index is below a length that the sources have. */
function sumTwo(out: NumericArray, a: NumericArray, b: NumericArray): void {
  for (let i = 0; i < out.length; i++) out[i] = a[i]! + b[i]!; // see above
}

function sumMany(out: NumericArray, first: NumericArray, others: readonly NumericArray[]): void {
  for (let i = 0; i < out.length; i++) {
    let sum = first[i]!; // see sumTwo
    for (let other = 0; other < others.length; other++) sum += others[other]![i]!; // see sumTwo
    out[i] = sum;
  }
}
