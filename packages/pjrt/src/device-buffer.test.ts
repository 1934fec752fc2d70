import { describePlugins } from "@kindred/testing";
import { expect, test } from "vitest";
import { openPlugin } from "./open-plugin.ts";

describePlugins("a buffer", ({ path }) => {
  test("without elements is read without asking the plugin, which would end the process", async () => {
    const client = (await openPlugin(path)).client({ devices: 1 });
    const empty = client.put(new Float32Array(0), { shape: [3, 0] });
    expect(empty.readSync(new Float32Array(0))).toEqual(new Float32Array(0));
    expect(await empty.read(new Float32Array(0))).toEqual(new Float32Array(0));
    client.close();
  });
});
