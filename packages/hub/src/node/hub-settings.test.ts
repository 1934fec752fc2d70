import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@kindred/errors";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hubSettings } from "./hub-settings.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "kindred-hub-"));
  await writeFile(join(home, "token"), "hf_of_the_file\r\n");
});
afterAll(() => rm(home, { recursive: true }));

const cacheDir = async (environment: Record<string, string>) => (await hubSettings({}, environment)).cacheDir;

test("the cache is where Python has it", async () => {
  const all = { HF_HUB_CACHE: "/a", HF_HOME: "/b", XDG_CACHE_HOME: "/c" };
  expect(await cacheDir(all)).toBe("/a");
  expect(await cacheDir({ ...all, HF_HUB_CACHE: "" })).toBe("/b/hub");
  expect(await cacheDir({ XDG_CACHE_HOME: "/c" })).toBe("/c/huggingface/hub");
  expect(await cacheDir({})).toBe(join(homedir(), ".cache/huggingface/hub"));
  expect(await cacheDir({ HF_HOME: "~/x" })).toBe(join(homedir(), "x/hub"));
  expect((await hubSettings({ cacheDir: "/d" }, all)).cacheDir).toBe("/d");
});

test("the token is the option's, else the environment's, else the file's", async () => {
  const token = async (option: string | false | undefined, environment: Record<string, string>) =>
    (await hubSettings({ token: option }, environment)).token;
  expect(await token("hf_a", { HF_TOKEN: "hf_b", HF_HOME: home })).toBe("hf_a");
  expect(await token(undefined, { HF_TOKEN: " hf_b\n", HF_HOME: home })).toBe("hf_b");
  expect(await token(undefined, { HF_HOME: home })).toBe("hf_of_the_file");
  expect(await token(undefined, { HF_HOME: "/nowhere", HF_TOKEN_PATH: join(home, "token") })).toBe("hf_of_the_file");
  expect(await token(undefined, { HF_HOME: "/nowhere" })).toBeUndefined();
  expect(await token(false, { HF_TOKEN: "hf_b" })).toBeUndefined();
});

test.each([
  ["1", true],
  ["on", true],
  ["YES", true],
  ["True", true],
  ["0", false],
  ["", false],
  ["2", false],
])("HF_HUB_OFFLINE=%s means %s", async (value, offline) => {
  expect((await hubSettings({}, { HF_HUB_OFFLINE: value })).offline).toBe(offline);
  expect((await hubSettings({ offline: !offline }, { HF_HUB_OFFLINE: value })).offline).toBe(!offline);
});

test("the endpoint loses its last slash, and is an http address without secrets", async () => {
  const endpoint = async (address: string) => (await hubSettings({}, { HF_ENDPOINT: address })).endpoint;
  expect(await endpoint("")).toBe("https://huggingface.co");
  expect(await endpoint("https://hub.example/mirror/")).toBe("https://hub.example/mirror");
  for (const bad of ["hub.example", "file:///etc", "https://a:b@hub.example", "https://hub.example/?q"]) {
    await expect(endpoint(bad)).rejects.toThrow(ConfigError);
  }
  await expect(endpoint("https://a:secret@hub.example")).rejects.not.toThrow(/secret/);
});
