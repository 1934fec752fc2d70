import { MeshError } from "@kindred/errors";
import { elementTypes } from "./arrays/element-type.ts";
import { ticketPlace } from "./mesh-memory.ts";

/** The collectives, by their number in a ticket. */
export const collectives = ["barrier", "broadcast", "allReduce", "reduceScatter", "allGather"] as const;
/** The name of a collective. */
export type Collective = (typeof collectives)[number];

/** What a core is about to do at a meeting. All cores must say the same, but for `offered`. */
export type Ticket = {
  readonly collective: Collective;
  /** Index in {@link elementTypes}; −1 without data. */
  readonly elementType: number;
  /** Elements of the argument where they must be equal on all cores; −1 where they need not be. */
  readonly length: number;
  /** What else must agree: the root of a broadcast, a checksum of the counts of a reduceScatter. */
  readonly detail: number;
  /** Elements that this core brings. */
  readonly offered: number;
};

/** Writes a core's ticket; `sequence` is the running number of the collective, `piece` that of the meeting within it. */
export function writeTicket(words: Int32Array, place: number, ticket: Ticket, sequence: number, piece: number): void {
  words[place] = sequence;
  words[place + 1] = piece;
  words[place + 2] = collectives.indexOf(ticket.collective);
  words[place + 3] = ticket.elementType;
  words[place + 4] = ticket.length;
  words[place + 5] = ticket.detail;
  words[place + 6] = ticket.offered;
}

/** Throws a `MeshError` that names both collectives, the same on every core, unless all tickets agree with core 0's. */
export function expectAgreement(words: Int32Array, size: number, parity: number): void {
  const first = ticketPlace(size, 0, parity);
  for (let core = 1; core < size; core++) {
    const other = ticketPlace(size, core, parity);
    for (let i = 0; i < 6; i++) {
      if (words[first + i] !== words[other + i]) {
        throw new MeshError(
          core,
          `${collectiveAt(words, first)}: the cores disagree. Got ${describeTicket(words, first)} on core 0 and ` +
            `${describeTicket(words, other)} on core ${core}, expected the same collectives in the same order on every core.`,
          { core0: describeTicket(words, first), other: describeTicket(words, other) },
        );
      }
    }
  }
}

/** A ticket in words, such as `allReduce of 12 Float32 (collective 7)`. */
export function describeTicket(words: Int32Array, place: number): string {
  const [sequence, piece, , elementType, length, detail] = words.subarray(place, place + 6);
  const collective = collectiveAt(words, place);
  const type = elementTypes[elementType!]?.name.replace("Array", "");
  const what = type === undefined ? "" : ` of ${length! < 0 ? "" : `${length} `}${type}`;
  const how = collective === "broadcast" ? ` from core ${detail}` : "";
  const counts = collective === "reduceScatter" ? `, counts #${(detail! >>> 0).toString(16)}` : "";
  return `${collective}${what}${how} (collective ${sequence}${piece === 0 ? "" : `, piece ${piece}`}${counts})`;
}

function collectiveAt(words: Int32Array, place: number): Collective {
  return collectives[words[place + 2]!]!;
}
