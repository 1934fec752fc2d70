import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { DataError } from "@kindred/errors";

/**
 * The folder of an installed npm package that holds data: looked for as the project in the current working directory
 * would import it, then as this package would.
 *
 * @throws DataError saying what to install.
 */
export function dataPackageFolder(packageName: string): string {
  for (const from of [join(process.cwd(), "package.json"), import.meta.url]) {
    try {
      return dirname(createRequire(from).resolve(`${packageName}/package.json`));
    } catch {
      // Not installed there.
    }
  }
  throw new DataError(
    { file: `npm:${packageName}` },
    `openDataset: the package is not installed. Got no ${packageName} in ${process.cwd()} or beside @kindred/datasets. Run: npm install ${packageName}`,
  );
}
