import type { KernelCall, Operand, Output } from "../kernel-call.ts";

/** What is not always so of a product. */
export type ProductOptions = {
  /** The left operand is [inner, rows]. Default false. */
  readonly leftTransposed?: boolean;
  /** The right operand is [columns, inner]. Default false. */
  readonly rightTransposed?: boolean;
  /** A row that is added to every row. Default: none. */
  readonly bias?: Operand | undefined;
};

/** A new [rows, columns] tensor: left·right, plus a row of bias. */
export function multiply(
  { exports, scratch, output }: KernelCall,
  left: Operand,
  right: Operand,
  { leftTransposed = false, rightTransposed = false, bias }: ProductOptions = {},
): Output {
  const [leftRows, leftColumns] = left.shape as [number, number];
  const [rightRows, rightColumns] = right.shape as [number, number];
  const [rows, inner] = leftTransposed ? [leftColumns, leftRows] : [leftRows, leftColumns];
  const columns = rightTransposed ? rightRows : rightColumns;
  const [packed] = scratch(exports["matmulScratchBytes"]!(rows, inner) >>> 0);
  const product = output([rows, columns]);
  exports["matmul"]!(
    ...[(leftTransposed ? 1 : 0) + (rightTransposed ? 2 : 0), rows, columns, inner],
    ...[left.address, leftColumns, right.address, rightColumns, product.address, columns],
    ...[bias?.address ?? 0, 0, packed],
  );
  return product;
}
