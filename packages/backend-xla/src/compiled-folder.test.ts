import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@kindred/errors";
import { openPlugin } from "@kindred/pjrt";
import { Graph } from "@kindred/stablehlo";
import { describePlugins } from "@kindred/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openCompiledFolder } from "./compiled-folder.ts";
import { type Compiled, Programs } from "./compiler.ts";

describePlugins("compiled programs in a folder", ({ path }) => {
  let parts: Parameters<typeof openCompiledFolder>[1];
  const root = mkdtempSync(join(tmpdir(), "kindred-xla-"));
  beforeAll(async () => {
    const plugin = await openPlugin(path);
    parts = { plugin, client: plugin.client({ devices: 1 }) };
  });
  afterAll(() => {
    parts.client.close();
    rmSync(root, { recursive: true });
  });

  const graph = new Graph();
  const x = graph.parameter([2]);
  const program = graph.program([graph.binary("add", x, 1)]);

  /** Makes the program ready as a new process would, and runs it. */
  function ready(folder: string): Compiled[] {
    const compiled: Compiled[] = [];
    const { client } = parts;
    const programs = new Programs({
      client,
      portable: false,
      folder: openCompiledFolder(folder, parts),
      onCompile: (each) => compiled.push(each),
    });
    const executable = programs.compilerFor(1).executable(program, "because");
    const [[sum] = []] = executable.execute([[client.put(Float32Array.of(1, 2), { shape: [2] })]]);
    expect(sum?.readSync(new Float32Array(2))).toEqual(Float32Array.of(2, 3));
    programs.clear();
    return compiled;
  }

  test("are loaded instead of compiled the next time", () => {
    const folder = join(root, "new", "folder");
    expect(ready(folder)).toMatchObject([{ hash: program.hash, fromCache: false, reason: "because", replicas: 1 }]);
    expect(ready(folder)).toMatchObject([{ hash: program.hash, fromCache: true, reason: "because", replicas: 1 }]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const files = readdirSync(folder);
    expect(files.length).toBe(1);
    expect(statSync(join(folder, files[0] ?? "")).mode & 0o777).toBe(0o600);
  });

  test("that were cut off or changed are compiled anew, and kept anew", () => {
    const folder = join(root, "damaged");
    ready(folder);
    const file = join(folder, readdirSync(folder)[0] ?? "");
    const whole = readFileSync(file);
    const changed = Buffer.from(whole);
    changed[whole.length - 5] = (changed[whole.length - 5] ?? 0) ^ 1;
    const damages = [() => truncateSync(file, 100), () => truncateSync(file, 0), () => writeFileSync(file, changed)];
    for (const damage of damages) {
      damage();
      expect(ready(folder)).toMatchObject([{ fromCache: false }]);
      expect(ready(folder)).toMatchObject([{ fromCache: true }]);
    }
  });

  test("are refused where others could put something in their place", () => {
    const folder = join(root, "open");
    ready(folder);
    chmodSync(folder, 0o770);
    expect(() => ready(folder)).toThrow(ConfigError);
    expect(() => ready(folder)).toThrow(
      `xla: compiled programs can't be kept in a folder. Got ${folder}, which others may write to: what lies there is run. Take that right away: chmod go-w ${folder}`,
    );
    chmodSync(folder, 0o700);
    const link = join(root, "link");
    symlinkSync(folder, link);
    expect(() => ready(link)).toThrow("which is a link or a file, expected a folder");
    writeFileSync(join(root, "file"), "");
    expect(() => ready(join(root, "file"))).toThrow(
      "which can't be made. Give another cacheFolder, or false to keep none.",
    );
  });
});
