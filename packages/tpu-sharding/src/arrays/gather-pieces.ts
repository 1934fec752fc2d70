import type { NumericArray } from "../numeric-array.ts";
import type { Rendezvous } from "../rendezvous.ts";
import type { Ticket } from "../ticket.ts";
import { resultArray } from "./result-array.ts";
import { pieceLength, scratchView } from "./scratch-view.ts";

/**
 * The cores' arrays end to end, in core order, through shared scratch, one meeting a piece.
 *
 * `ticket.offered` must be `array.length`. `into` receives the result where it is given.
 */
export function gatherPieces<T extends NumericArray>(rendezvous: Rendezvous, ticket: Ticket, array: T, into?: T): T {
  const { size } = rendezvous.memory;
  const piece = pieceLength(rendezvous.memory, ticket.elementType);
  let out = into;
  let longest = array.length;
  for (let k = 0; k === 0 || k * piece < longest; k++) {
    const { parity } = rendezvous;
    const mine = array.subarray(k * piece, (k + 1) * piece);
    scratchView(rendezvous.memory, ticket.elementType, { core: rendezvous.index, parity }).set(mine);
    const lengths = rendezvous.meet(ticket, k);
    if (k === 0) {
      longest = Math.max(...lengths);
      out = resultArray<T>(ticket.collective, array, {
        length: lengths.reduce((sum, length) => sum + length, 0),
        into,
      });
    }
    for (let core = 0, start = 0; core < size; start += lengths[core++]!) {
      const count = Math.min(piece, lengths[core]! - k * piece);
      if (count <= 0) continue;
      const view = scratchView(rendezvous.memory, ticket.elementType, { core, parity });
      out!.set(view.subarray(0, count), start + k * piece);
    }
  }
  return out!;
}
