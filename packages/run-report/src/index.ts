export { reportHtml, reportReader } from "./report-html.ts";
export { modelCard, type ModelCardOptions } from "./model-card.ts";
export { type LineSink, terminalReader } from "./terminal-reader.ts";
export { tensorBoardReader, type TensorBoardOptions } from "./tensor-board/tensor-board-reader.ts";
