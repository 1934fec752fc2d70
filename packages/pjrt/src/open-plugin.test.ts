import { describePlugins } from "@kindred/testing";
import { expect, test } from "vitest";
import { openPlugin } from "./open-plugin.ts";

describePlugins("a plugin", ({ path }) => {
  test("tells its version and what it is, and is the same one when opened again", async () => {
    const plugin = await openPlugin(path);
    expect(plugin.apiVersion[0]).toBe(0);
    expect(plugin.attributes["xla_version"]).toBe(2);
    expect(plugin.attributes["stablehlo_current_version"]).toHaveLength(3);
    expect(await openPlugin(path)).toBe(plugin);
  });
});
