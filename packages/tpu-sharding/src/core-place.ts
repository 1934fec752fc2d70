import { MeshError } from "@kindred/errors";
import type { Core } from "@kindred/mesh";

/**
 * A core's place in its mesh, as plain values: what a program may be specialised on, and all that there is of a device, which meets others
 * in ops alone.
 */
export type CorePlace = { readonly index: number; readonly size: number };

/** The core that this thread is, where it is one of several: a thread is a core of one mesh. */
let ownCore: Core | undefined;

/** The place of a core or a device, for an op; {@link coreAt} finds the core again in the same thread. */
export function placeOf(core: Core | CorePlace): CorePlace {
  if (core.size > 1 && meetsThreads(core)) ownCore = core;
  return { index: core.index, size: core.size };
}

/**
 * The core of this thread that has this place in a mesh of several.
 *
 * @throws MeshError if this thread is not that core.
 */
export function coreAt({ index, size }: CorePlace): Core {
  if (ownCore?.index === index && ownCore.size === size) return ownCore;
  const own = ownCore === undefined ? "none" : `core ${ownCore.index} of ${ownCore.size}`;
  throw new MeshError(
    index,
    `this thread is not core ${index} of ${size}. Got ${own}, expected the core that the op was called with.`,
    {
      index,
      size,
    },
  );
}

function meetsThreads(core: Core | CorePlace): core is Core {
  return "barrier" in core;
}
