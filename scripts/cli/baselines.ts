/**
 * What stands beside a trained model, so that nobody takes its numbers for more than they are.
 *
 * @module
 */
import type { Dataset } from "../../src/data/dataset.ts";
import type { Metrics } from "../../src/evaluation/metrics.ts";
import { popularityMetrics } from "../../src/evaluation/popularity.ts";
import { evaluate } from "../../src/evaluation/ranking.ts";
import { deviceOf, type Gpu } from "../../src/gpu/device.ts";
import type { Model } from "../../src/models/model.ts";
import { itemFilter } from "../../src/models/neighbours/item_filter.ts";

/** Pairs of items whose similarities take a few seconds on a software adapter, and on hardware. */
const PAIRS_IN_SECONDS = { software: 1e8, hardware: 1e10 };

/**
 * Test metrics of what needs no training: showing everyone the best-sellers and, beside another model and where that
 * takes seconds, the item filter with its preset's settings.
 *
 * @param metrics Names, "recall@20".
 * @throws {GpuError} when the GPU fails.
 */
export async function baselineMetrics(
  gpu: Gpu,
  data: Dataset,
  { name }: Model,
  metrics: readonly string[],
): Promise<Record<string, Metrics>> {
  const found: Record<string, Metrics> = {
    "best-sellers": popularityMetrics(data, "test", metrics),
  };
  const { software, hardware } = PAIRS_IN_SECONDS;
  const most = deviceOf(gpu).gathersFromImages ? software : hardware;
  if (name !== itemFilter.name && data.itemCount ** 2 <= most) {
    using model = await itemFilter.create(gpu, data);
    found.item_filter = await evaluate(model, data, "test", { metrics });
  }
  return found;
}
