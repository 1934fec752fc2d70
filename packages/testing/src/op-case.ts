import fc from "fast-check";
import { arbitrarySize } from "./arbitrary-size.ts";
import { floatsFromSeed } from "./floats-from-seed.ts";

/** The values of one input of an op, as float32 or, for ids and other whole numbers, int32. */
export type OpInput = { readonly shape: readonly number[]; readonly values: Float32Array | Int32Array };

/** One call of an op: its inputs by name (an optional one may be undefined), its data, and what is fixed. */
export type OpCase<Data extends object, Fixed extends object> = {
  readonly inputs: { readonly [name: string]: OpInput | undefined };
  readonly data: Data;
  readonly fixed: Fixed;
};

/** What {@link opCases} leaves open. */
export type OpCaseOptions<Data extends object, Fixed extends object> = {
  /** Data and what is fixed, for the sizes that were drawn. What is left out of them is `{}`. */
  readonly given?: (sizes: {
    readonly [axis: string]: number;
  }) => fc.Arbitrary<{ readonly data?: Data; readonly fixed?: Fixed }>;
  /** The sizes of axes that are not free: a fixed number, or the largest one drawn. Default: at most 33. */
  readonly sizes?: { readonly [axis: string]: { readonly is: number } | { readonly max: number } };
  /** Values of inputs that are not arbitrary floats: from a seed, and the sizes that were drawn. */
  readonly values?: {
    readonly [input: string]: (
      seed: number,
      count: number,
      sizes: { readonly [axis: string]: number },
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
export function opCases<Data extends object = object, Fixed extends object = object>(
  axes: { readonly [input: string]: string },
  { given, sizes = {}, values = {} }: OpCaseOptions<Data, Fixed> = {},
): fc.Arbitrary<OpCase<Data, Fixed>> {
  const names = [...new Set(Object.values(axes).flatMap((words) => words.split(" ")))].filter((word) =>
    /\D/.test(word),
  );
  const drawn = names.map((name) => {
    const rule = sizes[name] ?? { max: 33 };
    return "is" in rule ? fc.constant(rule.is) : arbitrarySize(rule.max);
  });
  return fc.tuple(...drawn).chain((drawnSizes) => {
    const sizeOf = Object.fromEntries(names.map((name, i) => [name, drawnSizes[i] as number]));
    const input = (name: string, words: string): fc.Arbitrary<OpInput> => {
      const shape = words === "" ? [] : words.split(" ").map((word) => sizeOf[word] ?? Number(word));
      const count = shape.reduce((product, size) => product * size, 1);
      const make = values[name] ?? floatsFromSeed;
      return fc.nat(0xffff).map((seed) => ({ shape, values: make(seed, count, sizeOf) }));
    };
    const inputs = Object.entries(axes).map(([marked, words]) => {
      const name = marked.replace(/\?$/, "");
      return [name, marked === name ? input(name, words) : fc.option(input(name, words), { nil: undefined })] as const;
    });
    const none: { readonly data?: Data; readonly fixed?: Fixed } = {};
    return fc
      .tuple(fc.record(Object.fromEntries(inputs)), given?.(sizeOf) ?? fc.constant(none))
      .map(([drawnInputs, { data = {} as Data, fixed = {} as Fixed }]) => ({ inputs: drawnInputs, data, fixed }));
  });
}
