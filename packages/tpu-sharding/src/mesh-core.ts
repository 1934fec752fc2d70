import { ShapeError } from "@kindred/errors";
import { checkedCounts, checksum } from "./arrays/checked-counts.ts";
import { elementTypeOf } from "./arrays/element-type.ts";
import { gatherPieces } from "./arrays/gather-pieces.ts";
import { reducePieces } from "./arrays/reduce-pieces.ts";
import type { Core, Into } from "./core.ts";
import type { NumericArray } from "./numeric-array.ts";
import type { Rendezvous } from "./rendezvous.ts";
import { shardCounts } from "./shard-counts.ts";
import type { Collective, Ticket } from "./ticket.ts";

/** The collectives of one core over shared memory. Each begins with a ticket that says what it is. */
export function meshCore(rendezvous: Rendezvous, post: (message: unknown) => void): Core {
  const { index } = rendezvous;
  const { size } = rendezvous.memory;

  function barrier(): void {
    rendezvous.begin();
    rendezvous.meet({ collective: "barrier", elementType: -1, length: -1, detail: 0, offered: 0 });
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
    return reducePieces(rendezvous, ticket, array, { counts, ...options });
  }

  function allReduce<T extends NumericArray>(array: T, { into }: Into<T> = {}): T {
    const ticket = ticketFor(rendezvous, "allReduce", array);
    const counts = shardCounts(array.length, size);
    const own = reducePieces(rendezvous, ticket, array, { counts });
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
    allReduceScalar: (value: number) => allReduce(Float64Array.of(value))[0]!,
    allGatherScalar: (value: number) => allGather(Float64Array.of(value)),
    post,
  });
}

function ticketFor(rendezvous: Rendezvous, collective: Collective, array: NumericArray): Ticket {
  const elementType = elementTypeOf(collective, array);
  rendezvous.begin();
  return { collective, elementType, length: array.length, detail: 0, offered: array.length };
}
