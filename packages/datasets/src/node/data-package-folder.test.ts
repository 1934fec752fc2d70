import { expect, test } from "vitest";
import { dataPackageFolder } from "./data-package-folder.ts";

test("refuses a package that is not installed, saying what to run", () => {
  const refusal = "npm:@kindred/no-such-data: openDataset: the package is not installed.";
  expect(() => dataPackageFolder("@kindred/no-such-data")).toThrow(refusal);
  expect(() => dataPackageFolder("@kindred/no-such-data")).toThrow("Run: npm install @kindred/no-such-data");
});

test("finds an installed package's folder", () => {
  expect(dataPackageFolder("fast-check")).toMatch(/[\\/]node_modules[\\/]fast-check$/);
});
