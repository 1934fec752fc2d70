import type { KernelCall, Operand, Output } from "../kernel-call.ts";

/** Which operand of a product lies transposed. */
export type ProductForm = {
  readonly leftTransposed?: boolean;
  readonly rightTransposed?: boolean;
};

/** A new [rows, columns] tensor: left·right, plus a row of bias. */
export function multiply(
  { exports, scratch, output }: KernelCall,
  left: Operand,
  right: Operand,
  { leftTransposed = false, rightTransposed = false, bias }: ProductForm & { readonly bias?: Operand } = {},
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
