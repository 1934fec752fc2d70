import type { Profile } from "./profile-kernels.ts";

/**
 * A profile as a table for people: time, its share, calls, GFLOP/s and GB/s of every kernel, and what was outside any kernel.
 *
 * @example
 * ```ts
 * import { profileTable } from "@kindred/tensor";
 *
 * const kernels = [{ name: "KindredLinear", calls: 2, milliseconds: 6, bytes: 3e6, flops: 6e8 }];
 * profileTable({ kernels, milliseconds: 8 }).split("\n").length; // => 4
 * ```
 */
export function profileTable({ kernels, milliseconds }: Profile): string {
  const share = (time: number) => `${((100 * time) / milliseconds).toFixed(1)} %`;
  const inKernels = kernels.reduce((sum, kernel) => sum + kernel.milliseconds, 0);
  const rows = kernels.map((kernel) => [
    kernel.name,
    kernel.milliseconds.toFixed(1),
    share(kernel.milliseconds),
    `${kernel.calls}`,
    kernel.flops === 0 ? "" : (kernel.flops / kernel.milliseconds / 1e6).toFixed(1),
    (kernel.bytes / kernel.milliseconds / 1e6).toFixed(1),
  ]);
  const outside = milliseconds - inKernels;
  const titles = ["kernel", "ms", "share", "calls", "GFLOP/s", "GB/s"];
  const lines = [
    titles,
    ...rows,
    ["outside any kernel", outside.toFixed(1), share(outside), "", "", ""],
    ["all", milliseconds.toFixed(1), "", "", "", ""],
  ];
  const widths = titles.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell[column === 0 ? "padEnd" : "padStart"](widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
