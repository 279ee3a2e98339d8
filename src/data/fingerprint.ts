/**
 * A hash of a dataset's content, by which a resumed run knows its data.
 *
 * @module
 */
import { hashPieces, type Piece } from "../files/content_hash.ts";
import type { Dataset } from "./dataset.ts";
import { SPLITS } from "./splits.ts";

/**
 * A hash, in hex, of a dataset's sizes, interactions, features and neighbour lists: what a run that
 * goes on must find unchanged. Names, folders and titles do not count.
 */
export async function fingerprint(dataset: Dataset): Promise<string> {
  return await hashPieces(partsOf(dataset));
}

async function* partsOf(dataset: Dataset): AsyncGenerator<Piece> {
  yield `${dataset.userCount} ${dataset.itemCount}`;
  for (const split of SPLITS) {
    const { rowStart, column } = dataset[split];
    yield rowStart;
    yield column;
  }
  for (const { name, features, neighbours } of dataset.modalities) {
    yield `${name} ${features?.width ?? ""} ${await features?.contentHash() ?? ""}`;
    if (neighbours) yield neighbours.nearest(neighbours.limit);
  }
}
