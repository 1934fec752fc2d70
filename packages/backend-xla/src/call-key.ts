import type { ElementType } from "@kindred/stablehlo";
import type { CallNode } from "./call-trie.ts";
import type { DescribedCall } from "./differences.ts";

/** What stands in a call's key beside numbers of names, of values (from 0 on) and of operands (−1 − number). */
export const marks = {
  newOperand: -(2 ** 30),
  otherShape: -(2 ** 30) - 1,
  data: -(2 ** 30) - 2,
  list: -(2 ** 30) - 3,
  numbers: -(2 ** 30) - 4,
} as const;

/** Numbers for element types. */
export const typeCodes: { readonly [type in ElementType]: number } = { f32: 0, i32: 1, i1: 2, ui32: 3, bf16: 4 };

const nameNumbers = new Map<string, number>();

/** A small number for a name, the same each time. */
export function numberOf(name: string): number {
  const known = nameNumbers.get(name) ?? nameNumbers.size;
  if (known === nameNumbers.size) nameNumbers.set(name, known);
  return known;
}

/** Whether two lists hold the same numbers: keys of calls, shapes. */
export function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A recorded call in words. */
export function describedNode({ kernel, key, fixed }: CallNode): DescribedCall {
  return { name: kernel?.name ?? "a cut", inputs: describedKey(key), fixed };
}

/** A key in words, an entry for each tensor, array or list of numbers. */
export function describedKey(key: readonly number[]): string[] {
  const names = [...nameNumbers.keys()];
  const types = Object.keys(typeCodes);
  const words: string[] = [];
  let at = 0;
  const next = () => key[at++] ?? 0;
  const shape = () => `[${Array.from({ length: next() }, next).join(", ")}]`;
  const reference = (isData: boolean) => {
    const first = next();
    if (first === marks.list) return Array.from({ length: next() }, (): string => reference(isData)).join(" and ");
    if (first >= 0) return `result ${first}`;
    if (first !== marks.newOperand) return `operand ${-1 - first}`;
    const type = types[next()] ?? "";
    return `a new ${type} ${isData ? `[${next()}]` : shape()}`;
  };
  while (at < key.length) {
    const kind = next();
    if (kind === marks.otherShape) words.push(`${words.pop()} as ${shape()}`);
    else if (kind === marks.data) words.push(`data ${names[next()]} = ${reference(true)}`);
    else if (kind === marks.numbers) words.push(`numbers ${names[next()]}: ${next()}`);
    else words.push(`${names[kind]} = ${reference(false)}`);
  }
  return words;
}
