import fc from "fast-check";
import { arbitrarySize } from "./arbitraries.ts";
import { floatsFromSeed } from "./floats-from-seed.ts";

/** The values of one input of an op, as float32 or, for ids and other whole numbers, int32. */
export type OpInput = { readonly shape: readonly number[]; readonly values: Float32Array | Int32Array };

/** One call of an op: its inputs by name (an optional one may be undefined), its data, and what is fixed. */
export type OpCase<Data extends object, Fixed extends object> = {
  readonly inputs: { readonly [name: string]: OpInput | undefined };
  readonly data: Data;
  readonly fixed: Fixed;
};

/** No data, or nothing fixed: `{}`. */
type None = { readonly [name: string]: never };

/** The axes' names in a string of them. */
type Words<Axes extends string> = Axes extends `${infer First} ${infer Rest}` ? First | Words<Rest> : Axes;

/** What {@link opCases} leaves open. */
export type OpCaseOptions<Axis extends string, Data extends object, Fixed extends object> = {
  /** Data and what is fixed, for the sizes that were drawn. What is left out of them is `{}`. */
  readonly given?: (
    sizes: {
      readonly [Name in Axis]: number;
    },
  ) => fc.Arbitrary<{ readonly data?: Data; readonly fixed?: Fixed }>;
  /** The sizes of axes that are not free: a fixed number, or the largest one drawn. Default: at most 33. */
  readonly sizes?: { readonly [Name in Axis]?: { readonly is: number } | { readonly max: number } };
  /** Values of inputs that are not arbitrary floats: from a seed, and the sizes that were drawn. */
  readonly values?: {
    readonly [input: string]: (
      seed: number,
      count: number,
      sizes: { readonly [Name in Axis]: number },
    ) => OpInput["values"];
  };
};

/**
 * Calls of an op whose inputs have the axes of the given strings: every axis gets one size, from 1 over odd and prime ones to some
 * larger, and a name that ends in `?` marks an input that is left out in some calls.
 *
 * ```ts ignore
 * opCases({ x: "tokens in", weight: "out in", "bias?": "out" });
 * ```
 */
export function opCases<
  const Axes extends { readonly [input: string]: string },
  Data extends object = None,
  Fixed extends object = None,
>(
  axes: Axes,
  { given, sizes = {}, values = {} }: OpCaseOptions<Words<Axes[keyof Axes]>, Data, Fixed> = {},
): fc.Arbitrary<OpCase<Data, Fixed>> {
  type Axis = Words<Axes[keyof Axes]>;
  const words = Object.values(axes).flatMap((all) => all.split(" "));
  const names = [...new Set(words)].filter((word) => /\D/.test(word));
  const rules: { readonly [name: string]: { readonly is: number } | { readonly max: number } | undefined } = sizes;
  const drawn = names.map((name) => {
    const rule = rules[name] ?? { max: 33 };
    return "is" in rule ? fc.constant(rule.is) : arbitrarySize(rule.max);
  });
  return fc.tuple(...drawn).chain((drawnSizes) => {
    const sizeOf = Object.fromEntries(names.map((name, i) => [name, drawnSizes[i] as number]));
    const sizeOfAxis = sizeOf as { readonly [Name in Axis]: number };
    const input = (name: string, words: string): fc.Arbitrary<OpInput> => {
      const shape = words === "" ? [] : words.split(" ").map((word) => sizeOf[word] ?? Number(word));
      const count = shape.reduce((product, size) => product * size, 1);
      const make = values[name] ?? floatsFromSeed;
      return fc.nat(0xffff).map((seed) => ({ shape, values: make(seed, count, sizeOfAxis) }));
    };
    const inputs = Object.entries(axes).map(([marked, words]) => {
      const name = marked.replace(/\?$/, "");
      return [name, marked === name ? input(name, words) : fc.option(input(name, words), { nil: undefined })] as const;
    });
    const none: { readonly data?: Data; readonly fixed?: Fixed } = {};
    return fc
      .tuple(fc.record(Object.fromEntries(inputs)), given?.(sizeOfAxis) ?? fc.constant(none))
      .map(([drawnInputs, { data = {} as Data, fixed = {} as Fixed }]) => ({ inputs: drawnInputs, data, fixed }));
  });
}

/** An array of numbers with a shape: what a float64 reference takes and an op's input is made from. Rows lie one after another. */
export type Numbers = { readonly shape: readonly number[]; readonly values: Float64Array };

/** The inputs of a call that are given, in float64. */
export function numbersOf(inputs: OpCase<object, object>["inputs"]): { readonly [name: string]: Numbers } {
  const given = Object.entries(inputs).flatMap(([name, input]) => (input ? [[name, input] as const] : []));
  return Object.fromEntries(
    given.map(([name, { shape, values }]) => [name, { shape, values: Float64Array.from(values) }]),
  );
}
