import { ConfigError } from "@kindred/errors";
import { checkOptions, flagName } from "@kindred/options";
import { expect, test } from "vitest";
import { chooseEngine, engineOptions } from "./choose-engine.ts";

const choice = (given: object) => checkOptions(engineOptions, given, "a test");
const where = "my-command";

test.each(["wasm", "tfjs", "cpu", "xla"])("%s is made by its name", async (backend) => {
  expect((await chooseEngine(choice({ backend, revectorize: false }), { where })).name).toBe(backend);
});

test.each([
  ["devices", 2],
  ["products", "bfloat16"],
  ["plugin", "plugin.so"],
  ["compileCache", "none"],
])("%s is refused where nothing is compiled, and taken by XLA", async (name, value) => {
  for (const backend of ["wasm", "tfjs", "cpu"]) {
    const chosen = chooseEngine(choice({ backend, [name]: value }), { where });
    await expect(chosen).rejects.toThrow(ConfigError);
    await expect(chosen).rejects.toThrow(
      `my-command: ${flagName(name)} says something to XLA alone. Got --backend ${backend}. Leave it out, or choose --backend xla.`,
    );
  }
  expect((await chooseEngine(choice({ backend: "xla", [name]: value }), { where })).name).toBe("xla");
});
