export { semanticSearch, type SemanticSearchOptions } from "./semantic-search.ts";
export { type Paraphrase, paraphraseMining, type ParaphraseMiningOptions } from "./paraphrase-mining.ts";
export { communityDetection, type CommunityDetectionOptions } from "./community-detection.ts";
