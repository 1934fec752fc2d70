import type { CallNode } from "./call-trie.ts";
import type { FixedValues } from "./fixed-values.ts";

/** A call that is compared with others: its kernel's name, and what went in, described. */
export type DescribedCall = { readonly name: string; readonly inputs: readonly string[]; readonly fixed: FixedValues };

/** Why a call after `node` was not known, in words: what differs from what was recorded there last. */
export function reasonFor(node: CallNode, call: DescribedCall, described: (node: CallNode) => DescribedCall): string {
  const last = node.children.at(-1);
  const number = node.depth + 1;
  if (last === undefined) {
    return node.depth === 0
      ? "nothing was recorded before"
      : `call ${number}, ${call.name}, follows where other passes ended`;
  }
  return `call ${number} ${difference(call, described(last))}`;
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
