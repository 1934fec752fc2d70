import { expect, test } from "vitest";
import { packageVersion } from "./index.ts";

test("this package has the version that npm gives it", () => {
  expect(packageVersion(new URL("../../package.json", import.meta.url))).toMatch(/^\d+\.\d+\.\d+$/);
});
