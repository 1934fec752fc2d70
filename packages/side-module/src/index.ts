export { relaxedSimdWorks } from "./relaxed-simd-works.ts";
export { type SideModuleOptions, startSideModule } from "./start-side-module.ts";
export { twoMemoriesWork } from "./two-memories-work.ts";
