import type { MeshMemory } from "../mesh-memory.ts";
import type { NumericArray } from "../numeric-array.ts";
import { elementTypes, viewOf } from "./element-type.ts";

/** One half of a core's scratch as elements of one type. */
export function scratchView(
  memory: MeshMemory,
  elementType: number,
  { core, parity }: { core: number; parity: 0 | 1 },
): NumericArray {
  const buffer = memory.scratch[core]!;
  const bytes = buffer.byteLength / 2;
  return viewOf(elementType, buffer, { start: parity * bytes, bytes });
}

/** How many elements fit in one half. */
export function pieceLength(memory: MeshMemory, elementType: number): number {
  return Math.floor(memory.scratch[0]!.byteLength / 2 / elementTypes[elementType]!.BYTES_PER_ELEMENT);
}
