import { existsSync } from "node:fs";
import type { TeacherVectors } from "@kindred/distillation/node";
import { writeFileAtomic } from "@kindred/files/node";
import { fromFloat32, toFloat32, writeSafetensors } from "@kindred/tensor-files";
import { openSafetensors } from "@kindred/tensor-files/node";
import { principalComponents, projectRows } from "@kindred/vectors";

/** Vectors of which the components are taken: more would not move them. */
const mostSampled = 50_000;

/** The components of the teacher's vectors, `"dimension features"`: found at the beginning, read when the distillation goes on. */
export async function componentsOf(dimension: number, teacher: TeacherVectors, file: string): Promise<Float32Array> {
  if (!existsSync(file)) {
    const stride = Math.max(1, Math.ceil(teacher.count / mostSampled));
    async function* windows() {
      for (let first = 0; first < teacher.count; first += 1024 * stride) {
        const rows = Array.from({ length: 1024 }, (_, i) => first + i * stride);
        yield await teacher.read(rows.filter((row) => row < teacher.count));
      }
    }
    const { components } = await principalComponents(windows(), { dimension, centre: false });
    const tensor = fromFloat32(Float32Array.from(components), [dimension, teacher.dimension]);
    await writeFileAtomic(file, writeSafetensors([["components", tensor]]));
  }
  await using stored = await openSafetensors(file);
  return toFloat32(await stored.read("components"));
}

/** A teacher's vectors in the space of components; its own without any. */
export function projected(teacher: TeacherVectors, components: Float32Array | undefined): TeacherVectors {
  if (components === undefined) return teacher;
  const space = { mean: new Float64Array(teacher.dimension), components: Float64Array.from(components) };
  const dimension = components.length / teacher.dimension;
  return { ...teacher, dimension, encode: async (texts) => projectRows(await teacher.encode(texts), space) };
}
