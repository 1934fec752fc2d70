export { studentFromLayers, studentInTeachersSpace, wordRowsFrom } from "./student-model.ts";
export { teacherInComponents } from "./teacher-in-components.ts";
export { findsTeacher } from "./finds-teacher.ts";
