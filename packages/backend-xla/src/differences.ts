import type { CallNode } from "./call-trie.ts";
import type { FixedValues } from "./fixed-values.ts";

/** A call that is compared with others: its kernel's name, and what went in, described. */
export type DescribedCall = { readonly name: string; readonly inputs: readonly string[]; readonly fixed: FixedValues };

/**
 * Why a call after `node` was not known, in words: what differs from what was recorded there and is most like it. Undefined where nothing is
 * recorded at all.
 */
export function reasonFor(
  node: CallNode,
  call: DescribedCall,
  described: (node: CallNode) => DescribedCall,
): string | undefined {
  const number = node.depth + 1;
  const [first, ...others] = node.children.map(described);
  if (first === undefined) {
    return node.depth === 0 ? undefined : `call ${number}, ${call.name}, follows where other passes ended`;
  }
  const nearest = others.reduce((best, other) => (distance(call, other) <= distance(call, best) ? other : best), first);
  return `call ${number} ${difference(call, nearest)}`;
}

/** In how much two calls differ. */
function distance(call: DescribedCall, other: DescribedCall): number {
  if (call.name !== other.name) return Number.POSITIVE_INFINITY;
  return (
    call.inputs.filter((input, i) => input !== other.inputs[i]).length +
    Math.abs(call.inputs.length - other.inputs.length)
  );
}

/** What is different in a call, as the rest of a sentence that begins with the call. */
export function difference(call: DescribedCall, former: DescribedCall): string {
  if (call.name !== former.name) return `is ${call.name}, was ${former.name}`;
  const length = Math.max(call.inputs.length, former.inputs.length);
  for (let i = 0; i < length; i++) {
    const [is = "missing", was = "missing"] = [call.inputs[i], former.inputs[i]];
    if (is !== was) return `of ${call.name} gets ${is}, was ${was}`;
  }
  for (const name of new Set([...Object.keys(call.fixed), ...Object.keys(former.fixed)])) {
    const [is, was] = [call.fixed[name], former.fixed[name]].map(shown);
    if (is !== was) return `of ${call.name} has ${name} ${is}, was ${was}`;
  }
  return `of ${call.name} is as it was`;
}

function shown(value: unknown): string {
  if (Object.is(value, -0)) return "-0";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
