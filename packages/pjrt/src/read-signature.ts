import { FormatError } from "@kindred/errors";
import type { ElementType, TensorSpec } from "./element-type.ts";

/** An argument of a program; a donated one is given away by a call, for an output to take its memory. */
export type ParameterSpec = TensorSpec & { readonly donated: boolean };

/** What a program takes and gives. */
export type Signature = { readonly parameters: readonly ParameterSpec[]; readonly outputs: readonly TensorSpec[] };

/**
 * Reads off the text of a StableHLO module what its `main` takes and gives. PJRT checks byte counts only: an i32 given for an f32 would
 * be taken as one, so each call is compared with this.
 *
 * @throws FormatError if the text has no public `main`, or if a type of its is none that this package passes
 */
export function readSignature(text: string): Signature {
  const start = /func\.func\s+(?:public\s+)?@main\s*\(/.exec(text);
  if (start === null)
    throw new FormatError(
      { file: "program" },
      "no main. Got a text without `func.func public @main(`, expected a StableHLO module.",
    );
  const from = start.index + start[0].length;
  const end = closing(text, from);
  const parameters = split(text.slice(from, end)).map((part) => ({
    ...specOf(part),
    donated: /\btf\.aliasing_output\b|\bjax\.buffer_donor\s*=\s*true\b/.test(part),
  }));
  return { parameters, outputs: outputsAfter(text, end + 1) };
}

function outputsAfter(text: string, from: number): TensorSpec[] {
  const arrow = /^\s*->\s*(\()?/.exec(text.slice(from, from + 100));
  if (arrow === null) return [];
  const at = from + arrow[0].length;
  if (arrow[1] === undefined) return [specOf(text.slice(at, text.indexOf(">", at) + 1))];
  return split(text.slice(at, closing(text, at))).map(specOf);
}

const opening = "([{<";
const closings = ")]}>";

/** Where the bracket that is open at a place closes. Strings are passed over. */
function closing(text: string, from: number): number {
  let depth = 1;
  for (let i = from; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === '"') i = endOfString(text, i);
    else if (opening.includes(character)) depth++;
    else if (closings.includes(character) && text.charAt(i - 1) !== "-" && --depth === 0) return i;
  }
  throw new FormatError({ file: "program", offset: from }, "main's head has no end. Is the text complete?");
}

function endOfString(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    if (text.charAt(i) === "\\") i++;
    else if (text.charAt(i) === '"') return i;
  }
  return text.length;
}

/** The parts between the commas that stand in no bracket. */
function split(list: string): string[] {
  if (list.trim() === "") return [];
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < list.length; i++) {
    const character = list.charAt(i);
    if (character === '"') i = endOfString(list, i);
    else if (opening.includes(character)) depth++;
    else if (closings.includes(character)) depth--;
    else if (character === "," && depth === 0) {
      parts.push(list.slice(start, i));
      start = i + 1;
    }
  }
  return [...parts, list.slice(start)];
}

const types: readonly string[] = ["f32", "bf16", "i32", "ui32", "i1"] satisfies ElementType[];

function specOf(part: string): TensorSpec {
  const found = /tensor<((?:\d+x)*)(\w+)>/.exec(part);
  const type = found?.[2];
  if (found === null || type === undefined || !types.includes(type))
    throw new FormatError(
      { file: "program" },
      `main takes or gives what can't be passed. Got ${part.trim()}, expected a tensor of whole sizes and one of ${types.join(", ")}.`,
    );
  const shape = (found[1] ?? "")
    .split("x")
    .filter((size) => size !== "")
    .map(Number);
  return { shape, type: type as ElementType }; // one of `types`, checked above
}
