export { studentFromLayers, studentInTeachersSpace, wordRowsFrom } from "./student-model.ts";
export { teacherInComponents } from "./teacher-in-components.ts";
export { distilStatic, type DistilledStatic, type DistilStaticOptions } from "./distil-static.ts";
export { findsTeacher } from "./finds-teacher.ts";
