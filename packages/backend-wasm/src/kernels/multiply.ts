import { weightShape } from "@kindred/nn";
import { matrixSizes, type Operand, type Output, type Workspace } from "../kernel-call.ts";

/** What is not always so of a product. */
export type ProductOptions = {
  /** The left operand is [inner, rows]. Default false. */
  readonly leftTransposed?: boolean;
  /** The right operand is [columns, inner]. Default false. */
  readonly rightTransposed?: boolean;
  /** GELU of the left operand takes its place. Default false. */
  readonly leftActivated?: boolean;
  /** GELU of the right operand takes its place. Default false. */
  readonly rightActivated?: boolean;
  /** A row that is added to every row. Default: none. */
  readonly bias?: Operand | undefined;
  /** Of which GELU's slope multiplies the product, element by element. Default: none. */
  readonly timesSlopeOf?: Operand;
};

/** A new [rows, columns] tensor: left·right. A right operand with a third axis is one that `packWeightKernel` made of [columns, inner]. */
export function multiply(
  { exports, scratch, output }: Workspace,
  left: Operand,
  right: Operand,
  options: ProductOptions = {},
): Output {
  const { leftTransposed, rightTransposed, leftActivated, rightActivated, bias, timesSlopeOf } = options;
  const [leftRows, leftColumns] = matrixSizes(left);
  const lanes = right.shape[2];
  const rightPacked = lanes === exports.panelColumns();
  const [rightRows, rightColumns] = matrixSizes({ shape: weightShape(right) });
  const [rows, inner] = leftTransposed ? [leftColumns, leftRows] : [leftRows, leftColumns];
  const columns = rightTransposed ? rightRows : rightColumns;
  // As `assembly/matmul.ts` numbers them.
  const form =
    (leftTransposed ? 1 : 0) +
    (rightPacked ? 64 : rightTransposed ? 2 : 0) +
    (leftActivated ? 8 : 0) +
    (rightActivated ? 16 : 0) +
    (timesSlopeOf ? 32 : 0);
  // Packed for other kernels, which these have replaced.
  const isForeign = lanes !== undefined && !rightPacked;
  const [space, unpacked] = scratch(
    exports.matmulScratchBytes(form, rows, inner) >>> 0,
    isForeign ? 4 * rightRows * rightColumns : 0,
  );
  if (isForeign) exports.unpackWeight(right.address, rightRows, rightColumns, lanes, unpacked);
  const b = isForeign ? unpacked : right.address;
  const product = output([rows, columns]);
  exports.matmul(
    ...[form, rows, columns, inner],
    ...[left.address, leftColumns, b, rightColumns, product.address, columns],
    ...[bias?.address ?? 0, timesSlopeOf?.address ?? 0, space],
  );
  return product;
}
