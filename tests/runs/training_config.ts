import type { TrainingConfig } from "../../src/runs/run_config.ts";

/** How a run of a test was trained. */
export const training: TrainingConfig = {
  batchSize: 64,
  learningRate: 0.01,
  weightDecay: 0,
  l2: 0,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  seed: 1,
  evalEvery: 5,
  metrics: ["recall@20", "ndcg@20"],
  select: "ndcg@20",
};
