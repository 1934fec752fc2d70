import { ShapeError } from "@kindred/errors";
import { toFloat32Array } from "@kindred/tensor";
import type { Tensor } from "@tensorflow/tfjs-core";
import { addRows } from "./arrays/add-rows.ts";
import type { ParameterShards } from "./parameter-shards.ts";
import { type NamedArrays, parameterViews } from "./parameter-views.ts";
import type { TableGradient } from "./table-gradient.ts";

/** A gradient that is zero but in some rows: `values[i]` belongs to row `rows[i]`; rows below 0 are left out, others may repeat. */
export type GradientRows = { readonly rows: Int32Array; readonly values: Float32Array | Tensor };

/** One core's gradients of a step, adding up in its vector. */
export type LocalGradients = {
  /** Adds a gradient, or what is not zero of it. */
  add(name: string, gradient: Float32Array | Tensor | GradientRows): void;
  /** All gradients, whole; zeros for a parameter that got none. */
  all(): NamedArrays;
  /** Begins a step: nothing is added yet. */
  restart(): void;
};

/** The gradients that a core keeps in `own`. A parameter in `tables` is expected to be zero there at the beginning of each step. */
export function localGradients(
  shards: ParameterShards,
  own: Float32Array,
  tables: ReadonlyMap<string, TableGradient>,
): LocalGradients {
  const gradients = parameterViews(shards, own);
  /** Parameters whose gradient is this step's. A table's always is; what else stands in the vector is left from the step before. */
  const current = new Set(tables.keys());

  function add(name: string, gradient: Float32Array | Tensor | GradientRows): void {
    const sum = Object.hasOwn(gradients, name) ? gradients[name] : undefined;
    const table = tables.get(name);
    if (sum === undefined || !("rows" in gradient || sizeOf(gradient) === sum.length))
      throw noSuchGradient(name, gradient, sum);
    if ("rows" in gradient) {
      const { rows } = gradient;
      const values = arrayOf(gradient.values);
      if (!current.has(name)) sum.fill(0);
      addRows(name, sum, { rows, values, rowLength: table?.rowLength ?? values.length / rows.length });
      table?.touch(rows);
    } else if (current.has(name)) {
      const more = arrayOf(gradient);
      for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + more[i]!;
      table?.touchAll();
    } else if (gradient instanceof Float32Array) sum.set(gradient);
    else toFloat32Array(gradient, sum);
    current.add(name);
  }

  function all(): NamedArrays {
    for (const [name, gradient] of Object.entries(gradients)) {
      if (!current.has(name)) gradient.fill(0);
      current.add(name);
    }
    return gradients;
  }

  function restart(): void {
    current.clear();
    for (const name of tables.keys()) current.add(name);
  }

  return { add, all, restart };
}

function noSuchGradient(name: string, gradient: Float32Array | Tensor | GradientRows, sum: Float32Array | undefined) {
  const got = "rows" in gradient ? `${gradient.rows.length} rows` : `${sizeOf(gradient)} elements`;
  const expected = sum === undefined ? "a name from parameterShards" : `${sum.length} elements`;
  return new ShapeError(`addGradient: no such gradient. Got ${got} for "${name}", expected ${expected}.`, { name });
}

function sizeOf(gradient: Float32Array | Tensor): number {
  return gradient instanceof Float32Array ? gradient.length : gradient.size;
}

function arrayOf(gradient: Float32Array | Tensor): Float32Array {
  return gradient instanceof Float32Array ? gradient : toFloat32Array(gradient);
}
