/**
 * Generated graphs that are larger than published ones.
 *
 * @module
 */
import type { Dataset } from "../../src/data/dataset.ts";
import { BABY_SKEW, generateGraph, skewedDegrees, trainOnly } from "./generated_graph.ts";
import { SEED } from "./workload.ts";

/** The size of a graph. */
export interface LargeGraph {
  /** Number of users. */
  readonly users: number;
  /** Number of items. */
  readonly items: number;
  /** Number of interactions, all of them to train on. */
  readonly interactions: number;
}

/** 20 million interactions of as many users and items as fit bindings of 128 MiB. */
export const LARGE_GRAPH: LargeGraph = {
  users: 400_000,
  items: 100_000,
  interactions: 20_000_000,
};

/** 100 million interactions of eight million users and items. */
export const HUGE_GRAPH: LargeGraph = {
  users: 5_000_000,
  items: 3_000_000,
  interactions: 100_000_000,
};

/** Makes a dataset without features: users as skewed as Baby's, items by Zipf with exponent 0.42. */
export function generateLarge({ users, items, interactions: total }: LargeGraph): Dataset {
  const degrees = {
    users: skewedDegrees({ count: users, total, ...BABY_SKEW.users }),
    items: skewedDegrees({ count: items, total, least: 0, exponent: 0.42, seed: 2 }),
  };
  return trainOnly("generated", generateGraph(degrees, SEED));
}
