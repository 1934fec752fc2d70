export { studentFromLayers, studentInTeachersSpace, wordRowsFrom } from "./student-model.ts";
