import type { Program } from "../src/index.ts";

/** Functions of one element that the interpreter knows. */
const functions: { readonly [op: string]: (x: number, y: number) => number } = {
  add: (x, y) => Math.fround(x + y),
  subtract: (x, y) => Math.fround(x - y),
  multiply: (x, y) => Math.fround(x * y),
  maximum: Math.max,
  negate: (x) => -x,
  floor: Math.floor,
};

/**
 * Runs a program of a few operations on vectors, by reading its text line by line: a second opinion about what a text
 * means that shares no code with what printed it.
 */
export function interpret({ text }: Pick<Program, "text">, args: readonly (readonly number[])[]): number[][] {
  const [main = "", ...functionTexts] = text.split("  func.func ").slice(1);
  const bodies = new Map(functionTexts.map((body) => [/@(\w+)/.exec(body)?.[1] ?? "", body]));
  return run(main, args);

  function run(body: string, given: readonly (readonly number[])[]): number[][] {
    const values = new Map(given.map((value, i) => [`%a${i}`, [...value]]));
    const read = (name: string): number[] => {
      const value = values.get(name);
      if (!value) throw new Error(`nothing is called ${name} in ${body}`);
      return value;
    };
    for (const line of body.split("\n").slice(1)) {
      const [, name = "", called, op = "", rest = ""] =
        /^ {4}(%\d+)(?::\d+)? = (?:(call) @)?(?:\w+\.)?(\w+)\s?(.*)$/.exec(line) ?? [];
      const inputs = (rest.split(" : ")[0]?.match(/%a?\d+(?:#\d+)?/g) ?? []).map((each) => each);
      if (called) {
        const results = run(bodies.get(op) ?? "", inputs.map(read));
        results.forEach((value, i) => {
          values.set(results.length > 1 ? `${name}#${i}` : name, value);
        });
      } else if (op === "constant") values.set(name, [number(/dense<(.*?)>/.exec(rest)?.[1] ?? "")]);
      else if (op === "broadcast_in_dim") {
        const length = Number(/-> tensor<(\d+)x/.exec(rest)?.[1]);
        const [value = Number.NaN] = inputs.flatMap(read);
        values.set(
          name,
          Array.from({ length }, () => value),
        );
      } else if (name !== "") {
        const f = functions[op];
        const [x = [], y = []] = inputs.map(read);
        if (!f) throw new Error(`the interpreter does not know ${op}`);
        values.set(
          name,
          x.map((value, i) => f(value, y[i] ?? Number.NaN)),
        );
      }
    }
    const [, names = ""] = /return (.*?) :/.exec(body) ?? [];
    return names.split(", ").map((name) => [...read(name)]);
  }
}

function number(text: string): number {
  if (!text.startsWith("0x")) return Math.fround(Number(text));
  return new Float32Array(Uint32Array.of(Number(text)).buffer)[0] ?? Number.NaN;
}
