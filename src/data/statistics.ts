/**
 * The size of a dataset, as in Table 1 of the paper.
 *
 * @module
 */

import type { Dataset } from "./dataset.ts";

/** One row of Table 1. */
export interface DatasetStatistics {
  /** Number of users. */
  readonly users: number;
  /** Number of items. */
  readonly items: number;
  /** Interactions of all splits. */
  readonly interactions: number;
  /** Training interactions. */
  readonly train: number;
  /** Validation interactions. */
  readonly valid: number;
  /** Test interactions. */
  readonly test: number;
  /** Sparsity: the share of all (user, item) pairs without an interaction, 0 to 1. */
  readonly sparsity: number;
}

/** Counts users, items and interactions (Table 1). */
export function datasetStatistics(dataset: Dataset): DatasetStatistics {
  const { userCount: users, itemCount: items } = dataset;
  const train = dataset.train.column.length;
  const valid = dataset.valid.column.length;
  const test = dataset.test.column.length;
  const interactions = train + valid + test;
  const sparsity = 1 - interactions / (users * items);
  return { users, items, interactions, train, valid, test, sparsity };
}
