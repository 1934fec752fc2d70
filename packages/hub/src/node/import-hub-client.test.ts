import { ConfigError } from "@kindred/errors";
import { expect, test } from "vitest";
import { importHubClient } from "./import-hub-client.ts";

const failing = (properties: object) => () => Promise.reject(Object.assign(new Error("failed"), properties));

test("gives the functions of @huggingface/hub that are used", async () => {
  expect(await importHubClient()).toMatchObject({ modelInfo: expect.any(Function), listFiles: expect.any(Function) });
});

test("says how to install the package where it is missing", async () => {
  const message = "Cannot find package '@huggingface/hub' imported from x";
  const missing = importHubClient(failing({ code: "ERR_MODULE_NOT_FOUND", message }));
  await expect(missing).rejects.toThrow(ConfigError);
  await expect(missing).rejects.toThrow(/npm install @huggingface\/hub/);
});

test("a package that is there and broken is not said to be missing", async () => {
  const message = "Cannot find package 'other' imported from x";
  await expect(importHubClient(failing({ code: "ERR_MODULE_NOT_FOUND", message }))).rejects.toThrow("other");
  await expect(importHubClient(failing({ message: "@huggingface/hub: syntax" }))).rejects.not.toBeInstanceOf(
    ConfigError,
  );
});
