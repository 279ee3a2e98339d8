/**
 * What makes a dataset the same dataset.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { type Dataset } from "./dataset.ts";
import { SPLITS } from "./splits.ts";

/**
 * SHA-256, in hex, of a dataset's sizes, interactions, features and neighbour lists: what a run that
 * goes on must find unchanged. Names and folders do not count.
 */
export async function fingerprint(dataset: Dataset): Promise<string> {
  const hash = createHash("sha256");
  hash.update(`${dataset.userCount} ${dataset.itemCount}\n`);
  for (const split of SPLITS) {
    const { rowStart, column } = dataset[split];
    hash.update(rowStart).update(column);
  }
  for (const { name, features, neighbours } of dataset.modalities) {
    hash.update(`${name} ${features?.width ?? ""} ${await features?.contentHash() ?? ""}\n`);
    if (neighbours) hash.update(neighbours.nearest(neighbours.limit));
  }
  return hash.digest("hex");
}
