export type { Json, PlacedPiece, VectorColumns, VectorForm, VectorPiece, VectorRows } from "./vector-form.ts";
export { npyForm, safetensorsForm } from "./array-forms.ts";
export { jsonlForm } from "./jsonl-form.ts";
export { checkVectorFile, vectorFormOf } from "./vector-forms.ts";
