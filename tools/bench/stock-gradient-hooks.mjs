// Module hooks without which Node can't load tfjs-core's gradients: the files under its dist/ are ES modules that import each other
// without an extension, in a package that says it is CommonJS. The registry that they write to is one for the whole process.

const folder = "/@tensorflow/tfjs-core/dist/";

/** @type {import("node:module").ResolveHook} */
export async function resolve(specifier, context, next) {
  const bare = context.parentURL?.includes(folder) && specifier.startsWith(".") && !specifier.endsWith(".js");
  return next(bare ? `${specifier}.js` : specifier, context);
}

/** @type {import("node:module").LoadHook} */
export async function load(url, context, next) {
  const esModule = url.includes(folder) && !url.endsWith(".node.js");
  return next(url, esModule ? { ...context, format: "module" } : context);
}
