// The offsets that packages/pjrt was written with against a C compiler's, with the header that came with the older of the plugins.
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { abi } from "../../packages/pjrt/src/abi.ts";
import { fetchPlugins } from "./fetch-plugins.mjs";
import { presentPlugins } from "./plugins.mjs";
import { hasCompiler, readAbi } from "./read-abi.mjs";

const why = fetchPlugins();
const header = presentPlugins().find((plugin) => plugin.header !== undefined)?.header ?? "";

test.skipIf(!hasCompiler() || !existsSync(header))(
  `every function and field lies where the header of an older plugin has it${why === undefined ? "" : ` (${why})`}`,
  () => {
    const { version, ...places } = readAbi(header);
    expect(version).toEqual([0, 81]);
    const { version: written, ...ours } = abi;
    expect(places).toEqual(ours); // structs grow at their ends only
    expect(written[0]).toBe(version[0]);
  },
);

test.runIf(process.env["REQUIRE_PJRT"] === "1")("the header is there, since REQUIRE_PJRT=1 says so", () => {
  expect(existsSync(header), why).toBe(true);
});
