/** How two arrays may differ, and how their elements are named in a message. */
export type ArrayTolerance = {
  /** The largest absolute difference of two elements that still counts as equal. Default 0: equal but for the sign of zero. */
  readonly tolerance?: number;
  /** A share of the expected element's size that is allowed on top. Default 0. */
  readonly relative?: number;
  /** The shape of the arrays, to give the place as indices by axis. Default one axis. */
  readonly shape?: readonly number[];
  /** The axes' names, `"tokens hidden"`. */
  readonly axes?: string;
};

/**
 * Where and by how much two arrays differ most beyond what is allowed, in words; undefined when they don't.
 *
 * NaN equals NaN, an infinity equals itself. The worst element is the one with the largest excess over its own tolerance.
 */
export function arrayDifference(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { tolerance = 0, relative = 0, shape, axes }: ArrayTolerance = {},
): string | undefined {
  if (actual.length !== expected.length) return `${actual.length} elements instead of ${expected.length}`;
  let worst: { at: number; excess: number; off: number; allowed: number } | undefined;
  let count = 0;
  for (let at = 0; at < expected.length; at++) {
    const [got, want] = [actual[at]!, expected[at]!]; // both are expected.length long
    if (got === want || (Number.isNaN(got) && Number.isNaN(want))) continue;
    const off = Math.abs(got - want);
    const allowed = tolerance + relative * Math.abs(want);
    if (off <= allowed) continue;
    count++;
    const excess = Number.isFinite(off) ? off - allowed : Number.POSITIVE_INFINITY;
    if (worst === undefined || excess > worst.excess) worst = { at, excess, off, allowed };
  }
  if (worst === undefined) return undefined;
  const { at, off, allowed } = worst;
  const times = allowed > 0 ? ` (${(off / allowed).toPrecision(3)} times)` : "";
  return (
    `${count} of ${expected.length} elements differ, most at ${place(at, shape ?? [expected.length], axes)}: ` +
    `${actual[at]} instead of ${expected[at]}, off by ${off.toPrecision(3)} where ${allowed.toPrecision(3)} is allowed${times}`
  );
}

/** `[token 3, hidden 17]` for an index into a flat array. */
function place(at: number, shape: readonly number[], axes: string | undefined): string {
  const names = axes === undefined || axes === "" ? [] : axes.split(" ");
  const indices: string[] = [];
  let rest = at;
  for (const [axis, size] of [...shape.entries()].reverse()) {
    indices.unshift(`${names[axis] === undefined ? "" : `${names[axis]} `}${rest % size}`);
    rest = Math.floor(rest / size);
  }
  return `[${indices.join(", ")}]`;
}
