import type { ElementType, Graph, Value } from "@kindred/stablehlo";
import type { RecordedKernel } from "../call-trie.ts";
import type { FixedValues } from "../fixed-values.ts";
import type { CallInputs } from "../operands.ts";

/** A kernel of tfjs's own, as it is recorded. */
export type StockKernel = {
  readonly name: string;
  /** Which of the attributes count, worked out where they leave something to the inputs' shapes. Default: all as they are. */
  readonly fixed?: (attributes: FixedValues, inputs: CallInputs) => FixedValues;
  /** Numbers among them that become operands. */
  readonly operands?: readonly string[];
  readonly emit: RecordedKernel["emit"];
};

/** What `fixed` and `operands` of a kernel are, by its attributes' types. */
type Lifted<Attributes> = {
  readonly fixed: (attributes: never, inputs: CallInputs) => Attributes;
  readonly operands?: readonly (keyof Attributes & string)[];
};

/** A kernel from its rule: tensors by their names in tfjs, attributes, and scalars for attributes that are operands. */
export function stock<Names extends string, Attributes extends object = object>(
  name: string,
  rule: (
    graph: Graph,
    inputs: { readonly [name in Names]: Value },
    attributes: Attributes,
    scalars: { readonly [name: string]: readonly Value[] | undefined },
  ) => Value | readonly Value[],
  lifted?: Lifted<Attributes>,
): StockKernel {
  const emit: RecordedKernel["emit"] = (graph, inputs, data, fixed) => {
    const asTensors = Object.entries(inputs).map(([input, value]) => [input, value && readable(graph, value)]);
    // tfjs calls its kernels with just these inputs and attributes, and operands of theirs are lists.
    return rule(
      graph,
      Object.fromEntries(asTensors),
      fixed as Attributes,
      data as { [name: string]: readonly Value[] | undefined },
    );
  };
  return { name, emit, ...(lifted as Pick<StockKernel, "fixed" | "operands"> | undefined) }; // attributes of any type come in
}

/** A value as the type that tfjs takes it for. */
function readable(graph: Graph, value: Value): Value {
  if (value.type === "bf16") return graph.convert(value, "f32");
  return value.type === "ui32" ? graph.bitcast(value, "i32") : value;
}

/** The inputs of a kernel that takes a list. */
export function listed(inputs: { readonly [index: string]: Value }): Value[] {
  return Object.keys(inputs).flatMap((_, i) => inputs[i] ?? []);
}

/** An element type by tfjs's name. */
export function elementType(dtype: string | undefined): ElementType {
  if (dtype === "int32") return "i32";
  return dtype === "bool" ? "i1" : "f32";
}

/** An axis counted from the front, where tfjs counts from the back with numbers below 0. */
export function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
