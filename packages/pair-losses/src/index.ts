export { cosent, type CosentOptions } from "./cosent.ts";
export { angle, type AngleOptions } from "./angle.ts";
export { cosineSimilarity } from "./cosine-similarity.ts";
export { pairContrastive, type PairContrastiveOptions } from "./pair-contrastive.ts";
export { onlineContrastive, type OnlineContrastiveOptions } from "./online-contrastive.ts";
export { triplet, type TripletOptions } from "./triplet.ts";
export { batchHardTriplet, type BatchHardTripletOptions } from "./batch-hard-triplet.ts";
