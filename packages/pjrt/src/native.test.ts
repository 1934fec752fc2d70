import { ConfigError } from "@kindred/errors";
import { expect, test, vi } from "vitest";

vi.mock("koffi", () => {
  throw new Error("Cannot find package 'koffi'");
});

test("without koffi, opening a plugin says what to install", async () => {
  const { openPlugin } = await import("./index.ts");
  const opened = openPlugin(new URL(import.meta.url).pathname);
  await expect(opened).rejects.toThrow(ConfigError);
  await expect(opened).rejects.toThrow(/npm install koffi/);
});

test("there are no plugins for Windows", async () => {
  vi.resetModules();
  const platform = vi.spyOn(process, "platform", "get").mockReturnValue("win32");
  const { loadNative } = await import("./native.ts");
  await expect(loadNative()).rejects.toThrow(/Got win32, expected linux or darwin/);
  platform.mockRestore();
});
