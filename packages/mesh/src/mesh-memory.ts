import { MeshError, ShapeError } from "@kindred/errors";

/**
 * What the cores of one mesh share. Plain data: main makes it once and posts it to every worker as it is.
 *
 * `words` holds the abort flag, the barrier and what each core is about to do; `scratch` is one buffer a core, in two halves,
 * through which arrays of any size pass in pieces. After an abort the counters are dirty: a new mesh needs new memory.
 */
export type MeshMemory = {
  readonly size: number;
  readonly words: SharedArrayBuffer;
  readonly scratch: readonly SharedArrayBuffer[];
  /** Bytes of one half of a core's scratch. */
  readonly halfBytes: number;
  /** How often a waiting core looks before it sleeps; 0 where there are more cores than hardware threads. */
  readonly spins: number;
  /** How long a core waits in one collective before it gives up: a safety net, not a means of noticing failures. */
  readonly timeoutMs: number;
};

/** Options of {@link createMeshMemory}. */
export type MeshMemoryOptions = {
  /** Default 0. */
  readonly spins?: number;
  /** Default ten minutes. */
  readonly timeoutMs?: number;
  /** A multiple of 8. Default 1 MiB: 256 rows of 768 floats pass in one piece. */
  readonly halfBytes?: number;
};

/** Places in `words`. */
export const word = {
  /** 0 = running, core + 1 = that core failed, −1 = the mesh was closed. */
  stopped: 0,
  /** Cores that stand at the present meeting. */
  arrived: 1,
  /** Completed meetings. */
  generation: 2,
  /** Goes up whenever a sleeping core has a reason to look again. */
  signal: 3,
  /** From here one word a core: 1 + the number of the last call that it finished. */
  finished: 16,
} as const;

/** New shared memory for a mesh of `size` cores. */
export function createMeshMemory(
  size: number,
  { spins = 0, timeoutMs = 600_000, halfBytes = 2 ** 20 }: MeshMemoryOptions = {},
): MeshMemory {
  return {
    size,
    words: new SharedArrayBuffer(4 * ticketPlace(size, 0, 2)),
    scratch: Array.from({ length: size }, () => new SharedArrayBuffer(2 * halfBytes)),
    halfBytes,
    spins,
    timeoutMs,
  };
}

/** Stops every core at its next (or present) meeting. True for the first that calls it: its reason is the one that counts. */
export function stopCores(memory: MeshMemory, failedCore: number | "closed"): boolean {
  const words = new Int32Array(memory.words);
  const reason = failedCore === "closed" ? -1 : failedCore + 1;
  const first = Atomics.compareExchange(words, word.stopped, 0, reason) === 0;
  wakeCores(words);
  return first;
}

/** Makes every sleeping core look again. */
export function wakeCores(words: Int32Array): void {
  Atomics.add(words, word.signal, 1);
  Atomics.notify(words, word.signal);
}

/** The collectives, by their number in a ticket. */
const collectives = ["barrier", "broadcast", "allReduce", "reduceScatter", "allGather"] as const;
/** The name of a collective. */
export type Collective = (typeof collectives)[number];

/** What a core is about to do at a meeting. All cores must say the same, but for `offered`. */
export type Ticket = {
  readonly collective: Collective;
  /** Undefined without data. */
  readonly elementType: ElementType | undefined;
  /** Elements of the argument where they must be equal on all cores; −1 where they need not be. */
  readonly length: number;
  /** What else must agree: the root of a broadcast, a checksum of the counts of a reduceScatter. */
  readonly detail: number;
  /** Elements that this core brings. */
  readonly offered: number;
};

/** Words of one ticket: what one core says about the meeting that it has reached. */
const ticketWords = 8;
/** Those that must agree: all but `offered`, which is next. */
const agreedWords = 6;

/** Where a core's ticket stands; tickets of odd and even meetings alternate, so that a fast core never overwrites an unread one. */
export function ticketPlace(size: number, core: number, parity: number): number {
  return word.finished + size + (parity * size + core) * ticketWords;
}

/** Writes a core's ticket; `sequence` is the running number of the collective, `piece` that of the meeting within it. */
export function writeTicket(words: Int32Array, place: number, ticket: Ticket, sequence: number, piece: number): void {
  const { collective, elementType, length, detail, offered } = ticket;
  const type = elementType === undefined ? -1 : elementTypes.indexOf(elementType);
  words.set([sequence, piece, collectives.indexOf(collective), type, length, detail, offered], place);
}

/** How many elements each core brings to a meeting, in core order. */
export function offeredElements(words: Int32Array, size: number, parity: number): readonly number[] {
  return Array.from({ length: size }, (_, core) => Atomics.load(words, ticketPlace(size, core, parity) + agreedWords));
}

/** The cores that have not come to the meeting at which core `index` waits. */
export function missingCores(words: Int32Array, size: number, index: number, parity: number): readonly number[] {
  const own = ticketPlace(size, index, parity);
  const came = (place: number) => words[place] === words[own] && words[place + 1] === words[own + 1];
  return Array.from({ length: size }, (_, core) => core).filter((core) => !came(ticketPlace(size, core, parity)));
}

/** Throws a `MeshError` that names both collectives, the same on every core, unless all tickets agree with core 0's. */
export function expectAgreement(words: Int32Array, size: number, parity: number): void {
  const first = ticketPlace(size, 0, parity);
  for (let core = 1; core < size; core++) {
    const other = ticketPlace(size, core, parity);
    for (let i = 0; i < agreedWords; i++) {
      if (words[first + i] === words[other + i]) continue;
      const [core0, another] = [describeTicket(words, first), describeTicket(words, other)];
      throw new MeshError(
        core,
        `${collectives[words[first + 2] ?? 0]}: the cores disagree. Got ${core0} on core 0 and ${another} on core ${core}, ` +
          "expected the same collectives in the same order on every core.",
        { core0, other: another },
      );
    }
  }
}

/** A ticket in words, such as `allReduce of 12 Float32 (collective 7)`. */
export function describeTicket(words: Int32Array, place: number): string {
  const [sequence = 0, piece = 0, name = 0, type = 0, length = 0, detail = 0] = words.subarray(
    place,
    place + agreedWords,
  );
  const collective = collectives[name];
  const elements = elementTypes[type]?.name.replace("Array", "");
  const what = elements === undefined ? "" : ` of ${length < 0 ? "" : `${length} `}${elements}`;
  const how = collective === "broadcast" ? ` from core ${detail}` : "";
  const counts = collective === "reduceScatter" ? `, counts #${(detail >>> 0).toString(16)}` : "";
  return `${collective}${what}${how} (collective ${sequence}${piece === 0 ? "" : `, piece ${piece}`}${counts})`;
}

/** The typed arrays that collectives carry. */
export type NumericArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

/** The element types, by their number in a ticket. */
const elementTypes = [Float32Array, Float64Array, Int32Array, Uint32Array, Uint8Array] as const;
/** The constructor of one of the typed arrays. */
export type ElementType = (typeof elementTypes)[number];

/** An array's element type; a `ShapeError` names any type that is not carried. */
export function elementTypeOf(functionName: string, array: NumericArray): ElementType {
  const name = array[Symbol.toStringTag];
  const type = elementTypes.find((candidate) => candidate.name === name);
  if (type !== undefined) return type;
  const known = elementTypes.map((candidate) => candidate.name).join(", ");
  throw new ShapeError(`${functionName}: this type of array is not carried. Got ${name}, expected one of ${known}.`);
}

/** A view of shared memory as elements of one type. */
export function viewOf(
  type: ElementType,
  buffer: SharedArrayBuffer,
  { start, bytes }: { readonly start: number; readonly bytes: number },
): NumericArray {
  // The compiler picks one constructor of the five, for which shared memory is no ArrayBuffer; all five take it.
  return new type(buffer as unknown as ArrayBuffer, start, Math.floor(bytes / type.BYTES_PER_ELEMENT));
}
