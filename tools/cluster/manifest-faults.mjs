// Whether a manifest is what Kubernetes takes: its names, what must be there, and what kind of value each is.
import { join } from "node:path";
import ts from "typescript";
import { parse } from "yaml";
import { root } from "../node-runtime.mjs";

/**
 * What is wrong with manifests of Jobs, a text a fault; none if each fits `Job` of Kubernetes' API. The schema is that of kubernetes-types, made
 * from the API's own OpenAPI document; the compiler compares, so a name that Kubernetes does not know (which it would pass over) is a fault too.
 *
 * @param {readonly string[]} manifests as YAML
 * @returns {string[]}
 */
export function jobFaults(...manifests) {
  const jobs = manifests.map((yaml) => parse(yaml));
  const others = jobs.filter(({ apiVersion, kind }) => apiVersion !== "batch/v1" || kind !== "Job");
  if (others.length > 0)
    return others.map(({ apiVersion, kind }) => `it is a ${kind} of ${apiVersion}, no Job of batch/v1`);
  const file = join(root, "tools", "cluster", "manifests.ts");
  const constants = jobs.map((job, i) => `export const job${i}: Job = ${JSON.stringify(job, null, 1)};`);
  const code = ['import type { Job } from "kubernetes-types/batch/v1";', ...constants].join("\n");
  /** @type {ts.CompilerOptions} */
  const options = { strict: true, noEmit: true, skipLibCheck: true, types: [], lib: ["lib.es2022.d.ts"] };
  Object.assign(options, { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 });
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, code, ts.ScriptTarget.Latest) : getSourceFile(name, ...rest);
  host.fileExists = (name) => name === file || fileExists(name);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}
