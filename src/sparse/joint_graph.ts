/**
 * A graph of users and items in which items are linked to similar items, too (He, Xu, Wang & Zhang, KDD 2025).
 *
 * @module
 */
import { diagonal, type SparseMatrix, type SparsePattern, transpose } from "./csr.ts";
import { adjacency, type Neighbours, normaliseSymmetric } from "./graphs.ts";
import { addMatrices, listedMatrix, valued } from "./matrix_sums.ts";

/**
 * D^−½ W D^−½ of users and items together. W has 1 for each train interaction and, among items, weight_m where one
 * lists the other in modality m, or is the other; D are its row sums.
 *
 * @param lists Nearest others of each item, by modality.
 */
export function jointGraph(
  train: SparsePattern,
  lists: readonly Neighbours[],
  weights: readonly number[],
): SparseMatrix {
  const { rowCount: userCount, columnCount: itemCount } = train;
  let joint = adjacency(train);
  lists.forEach(({ ids, k }, m) => {
    const listed = listedMatrix(ids, k, itemCount);
    const both = addMatrices(
      addMatrices(listed, transpose(listed), 1),
      valued(diagonal(itemCount)),
      1,
    );
    joint = addMatrices(joint, amongItems(valued(both), userCount), weights[m]!);
  });
  return normaliseSymmetric(joint);
}

/** A matrix of items as one of users and items. */
function amongItems(
  { rowCount, rowStart, column, value }: SparseMatrix,
  userCount: number,
): SparseMatrix {
  const rows = userCount + rowCount, starts = new Uint32Array(rows + 1);
  starts.set(rowStart, userCount);
  return {
    rowCount: rows,
    columnCount: rows,
    rowStart: starts,
    column: column.map((item) => userCount + item),
    value,
  };
}
