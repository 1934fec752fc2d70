import type { NumericArray } from "../numeric-array.ts";
import type { Rendezvous } from "../rendezvous.ts";
import type { Ticket } from "../ticket.ts";
import { resultArray } from "./result-array.ts";
import { pieceLength, scratchView } from "./scratch-view.ts";
import { sumArrays } from "./sum-arrays.ts";

/**
 * This core's part of the sum of the cores' arrays, where core c's part is the `counts[c]` elements after those of the cores
 * before it. One meeting a piece: a piece holds as many elements for each core, so all cores add all the time.
 */
export function reducePieces<T extends NumericArray>(
  rendezvous: Rendezvous,
  ticket: Ticket,
  array: T,
  { counts, into }: { counts: ArrayLike<number>; into?: T | undefined },
): T {
  const { memory, index } = rendezvous;
  const cores = Array.from({ length: memory.size }, (_, core) => core);
  const piece = Math.floor(pieceLength(memory, ticket.elementType) / memory.size);
  const most = Math.max(...cores.map((core) => counts[core]!));
  const out = resultArray<T>(ticket.collective, array, { length: counts[index]!, into });
  for (let k = 0; k === 0 || k * piece < most; k++) {
    const { parity } = rendezvous;
    const views = cores.map((core) => scratchView(memory, ticket.elementType, { core, parity }));
    for (let core = 0, start = 0; core < memory.size; start += counts[core++]!) {
      const end = start + Math.min(counts[core]!, (k + 1) * piece);
      views[index]!.set(array.subarray(Math.min(end, start + k * piece), end), core * piece);
    }
    rendezvous.meet(ticket, k);
    const count = Math.max(0, Math.min(piece, counts[index]! - k * piece));
    const sources = views.map((view) => view.subarray(index * piece, index * piece + count));
    sumArrays(out.subarray(k * piece, k * piece + count), sources);
  }
  return out;
}
