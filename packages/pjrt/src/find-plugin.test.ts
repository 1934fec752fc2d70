import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ConfigError } from "@kindred/errors";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { findPlugin, findPlugins } from "./find-plugin.ts";

let folder: string;
const packages = () => join(folder, "lib", "site-packages");
/** Makes an empty file, and the folders above it. */
const file = (...path: string[]) => {
  const made = join(folder, ...path);
  mkdirSync(dirname(made), { recursive: true });
  writeFileSync(made, "");
  return made;
};
const inPackages = (...path: string[]) => file("lib", "site-packages", ...path);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kindred-find-"));
  mkdirSync(packages(), { recursive: true });
  // A python3 whose packages lie there.
  const python = file("bin", "python3");
  writeFileSync(python, `#!/bin/sh\necho /usr/lib/python3.zip\necho "${packages()}"\n`);
  chmodSync(python, 0o755);
  vi.stubEnv("PATH", join(folder, "bin"));
  vi.stubEnv("PJRT_PLUGIN_PATH", undefined);
  vi.stubEnv("TPU_LIBRARY_PATH", undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const lammps = () => inPackages("lammps_jax_pjrt_cpu", "pjrt_c_api_cpu_plugin.so");
const older = () => inPackages("xla_plugins", "xla_cpu_pjrt", "xla_cpu_pjrt.so");

test("a path that is named comes before all others, then the variables, then python3's packages", () => {
  const installed = lammps();
  const [own, general, tpu] = ["own.so", "general.so", "libtpu.so"].map((name) => file(name));
  if (own === undefined || general === undefined || tpu === undefined) return expect.unreachable();
  expect(findPlugin()).toBe(installed);
  vi.stubEnv("TPU_LIBRARY_PATH", tpu);
  expect(findPlugin()).toBe(tpu);
  vi.stubEnv("PJRT_PLUGIN_PATH", general);
  expect(findPlugins().map(({ path, from }) => [path, from])).toEqual([
    [general, "PJRT_PLUGIN_PATH"],
    [tpu, "TPU_LIBRARY_PATH"],
    [installed, "python3's packages"],
  ]);
  expect(findPlugins({ plugin: own })).toEqual([{ path: own, from: "--plugin" }]);
});

test("among packages GPUs come first, then TPUs, then CPUs; those without their devices are passed over", () => {
  const [cpu, cpuToo] = [lammps(), older()];
  const tpu = inPackages("libtpu", "libtpu.so");
  const gpu = inPackages("jax_plugins", "xla_cuda13", "xla_cuda_plugin.so");
  inPackages("jax_plugins", "xla_cuda13", "version.so");
  const found = findPlugins();
  expect(found.map(({ path }) => path)).toEqual([gpu, tpu, cpu, cpuToo]);
  const unusable = found.map(({ unusable }) => unusable !== undefined);
  expect(unusable.slice(2)).toEqual([false, false]);
  expect(findPlugin()).toBe(found.find((each) => each.unusable === undefined)?.path);
});

test("an empty variable is as one that is not set", () => {
  vi.stubEnv("PJRT_PLUGIN_PATH", "");
  const installed = lammps();
  expect(findPlugin()).toBe(installed);
});

describe("refuses", () => {
  test("a path that leads nowhere, by what named it", () => {
    lammps();
    expect(() => findPlugin({ plugin: "/nowhere.so" })).toThrow(ConfigError);
    expect(() => findPlugin({ plugin: "/nowhere.so" })).toThrow("Got --plugin = /nowhere.so");
    vi.stubEnv("TPU_LIBRARY_PATH", "/no/libtpu.so");
    expect(() => findPlugin()).toThrow("Got TPU_LIBRARY_PATH = /no/libtpu.so");
  });

  test("a machine without a plugin, with what to install, also where there is no python3", () => {
    expect(() => findPlugin()).toThrow(ConfigError);
    expect(() => findPlugin()).toThrow(/Looked at PJRT_PLUGIN_PATH.*pip install --no-deps lammps-jax-pjrt-cpu/);
    vi.stubEnv("PATH", "/nowhere");
    expect(findPlugins()).toEqual([]);
  });

  test("plugins whose devices are missing, each by name and reason", () => {
    const path = inPackages("jax_plugins", "xla_rocm7", "xla_rocm_plugin.so");
    const [found] = findPlugins();
    if (found?.unusable === undefined) return; // this machine has an AMD GPU
    expect(() => findPlugin()).toThrow(`Passed over ${path}: this machine has no AMD GPU.`);
  });
});
