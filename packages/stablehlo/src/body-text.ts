import type { PrivateFunction } from "./private-function.ts";
import type { Node } from "./recording.ts";
import { typeText } from "./value.ts";

/** One function of a program, to be printed. */
export type Body = {
  /** `public @main` or `private @name`. */
  readonly head: string;
  /** The arguments, in order. */
  readonly parameters: readonly Node[];
  readonly outputs: readonly Node[];
  /** By argument, the number of the output that takes its memory. */
  readonly aliases?: ReadonlyMap<Node, number>;
  /** The name by which a function is called. */
  symbol(called: PrivateFunction): string;
};

/** What outputs need, each once, in the order of recording; `given` values need nothing. */
export function neededNodes(outputs: readonly Node[], given: ReadonlySet<Node>): Node[] {
  const needed = new Set<Node>();
  const open = [...outputs];
  for (let node = open.pop(); node; node = open.pop()) {
    if (needed.has(node)) continue;
    needed.add(node);
    if (!given.has(node)) open.push(...node.inputs);
  }
  return [...needed].sort((a, b) => a.id - b.id);
}

/** A function as text: a line for each node that its outputs need, and no other. */
export function bodyText({ head, parameters, outputs, aliases, symbol }: Body): string {
  const given = new Set(parameters);
  const names = new Map(parameters.map((node, i) => [node, `%a${i}`]));
  /** Each input stands before what uses it, so it has a name. */
  const nameOf = (node: Node | undefined): string => (node && names.get(node)) ?? "";
  const lines: string[] = [];
  for (const node of neededNodes(outputs, given)) {
    if (given.has(node)) continue;
    const [first] = node.inputs;
    if (node.op === "result") {
      names.set(node, (first?.results ?? 1) > 1 ? `${nameOf(first)}#${node.result}` : nameOf(first));
      continue;
    }
    const name = `%${lines.length}`;
    names.set(node, name);
    const called = node.callee ? node.line.replace("@$f", `@${symbol(node.callee)}`) : node.line;
    const text = called.replace(/\$(\d+)/g, (_, i) => nameOf(node.inputs[Number(i)]));
    lines.push(`    ${name}${(node.results ?? 1) > 1 ? `:${node.results}` : ""} = ${text}\n`);
  }
  const heads = parameters.map((node) => {
    const output = aliases?.get(node);
    return `${nameOf(node)}: ${typeText(node)}${output === undefined ? "" : ` {tf.aliasing_output = ${output} : i32}`}`;
  });
  const types = outputs.map(typeText).join(", ");
  const names_ = outputs.map(nameOf).join(", ");
  return `  func.func ${head}(${heads.join(", ")}) -> (${types}) {\n${lines.join("")}    return ${names_} : ${types}\n  }\n`;
}
