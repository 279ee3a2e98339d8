/** The kernels of learned item graphs. */
import { transposeNeighbours } from "../../src/sparse/neighbour_transpose.ts";
import { below, type Case, floats, integers } from "./random_case.ts";

const manyGroups = (rows: number) => ({ workgroup_size: rows > 65_535 ? 1 : 128 });

/** Random graphs: item 0 is in many lists, and items may come up several times in a row. */
const graphs = [
  { rows: 1, modalities: 1, k: 1, dim: 4 },
  { rows: 7, modalities: 2, k: 3, dim: 12 },
  { rows: 300, modalities: 2, k: 10, dim: 64 },
  { rows: 21, modalities: 3, k: 5, dim: 256 },
  { rows: 70_001, modalities: 1, k: 1, dim: 4 }, // > 65,535 workgroups
].map(({ rows, modalities, k, dim }) => {
  const degree = 2 * modalities * k;
  const column = integers(rows * degree, rows).map((id) => below(4) === 0 ? 0 : id);
  const back = transposeNeighbours(column, rows);
  return {
    name: `${rows} items, ${modalities} modalities of ${k}, dim ${dim}`,
    rows,
    modalities,
    k,
    dim,
    degree,
    column,
    back: { back_start: back.rowStart, back_entry: back.entry },
    backColumn: back.column,
    share: floats(modalities).map(Math.abs),
    scale: floats(rows).map((x, row) => row % 5 === 4 ? 0 : Math.abs(x)),
    entries: () => floats(rows * degree),
  };
});

export const cases: Record<string, () => Case[]> = {
  gather_elements: () =>
    [1, 1000, 70_001].map((elements) => ({
      name: `${elements} elements`,
      tensors: {
        place: integers(elements, elements),
        source: floats(elements),
        output: floats(elements + 3), // what is beyond stays
      },
      params: { elements },
      constants: manyGroups(elements),
      size: { invocations: elements },
    })),

  place_neighbours: () =>
    graphs.map(({ name, rows, modalities, k, degree }) => ({
      name,
      tensors: {
        id: integers(rows * k, rows).map((id) => below(5) === 0 ? 0xffffffff : id),
        column: integers(rows * degree, rows),
      },
      params: { rows, k, degree, first: (modalities - 1) * k },
      constants: manyGroups(rows),
      size: { invocations: rows * k },
    })),

  sampled_product: () =>
    graphs.flatMap(({ name, rows, modalities, k, degree, dim, column, entries }) =>
      [
        { first: (modalities - 1) * k, count: k, keep: 0 },
        { first: 0, count: degree, keep: 1 },
        { first: 0, count: degree, keep: 1, first_row: Math.floor(rows / 3) },
      ].map(({ first_row = 0, ...block }) => {
        const end_row = rows - first_row; // up to the last third, or all rows
        return {
          name: `${name}, ${block.count} from ${block.first} in rows from ${first_row}`,
          tensors: { column, a: floats(rows * dim), b: floats(rows * dim), output: entries() },
          params: { first_row, end_row, degree, ...block },
          constants: { dim4: dim / 4, ...manyGroups(rows) },
          size: { invocations: (end_row - first_row) * block.count },
        };
      })
    ),

  neighbour_cosines_adjoint: () =>
    graphs.map(({ name, rows, modalities, k, degree, dim, column, back, backColumn, entries }) => ({
      name,
      tensors: {
        column,
        gradient: entries(),
        ...back,
        back_column: backColumn,
        x: floats(rows * dim),
        x_gradient: floats(rows * dim),
      },
      params: { rows, degree, first: (modalities - 1) * k, count: k },
      constants: { dim4: dim / 4, ...manyGroups(rows) },
      size: { invocations: rows * dim / 4 },
    })),

  neighbour_scales: () =>
    graphs.map(({ name, rows, modalities, k, degree, share, entries }) => ({
      name,
      tensors: {
        // Sums near zero would magnify rounding; some rows are zero, some below.
        similarity: entries().map((x, place) =>
          (0.5 + Math.abs(x)) * [1, 1, 0, -1][Math.floor(place / degree) % 4]!
        ),
        share: share.map((x) => x + 0.1),
        scale: floats(rows),
      },
      params: { rows, modalities, k },
      constants: manyGroups(rows),
      size: { invocations: rows },
    })),

  neighbour_weights: () =>
    graphs.map(({ name, rows, modalities, k, degree, column, share, scale, entries }) => ({
      name,
      tensors: { column, similarity: entries(), share, scale, value: entries() },
      params: { rows, modalities, k, learned_part: 0.3 },
      constants: manyGroups(rows),
      size: { invocations: rows * degree },
    })),

  neighbour_scales_adjoint: () =>
    graphs.map(({ name, rows, modalities, k, degree, back, scale, entries }) => ({
      name,
      tensors: {
        gradient: entries(),
        value: entries(),
        ...back,
        scale,
        sum_gradient: floats(rows),
      },
      params: { rows, degree, learned: modalities * k },
      constants: manyGroups(rows),
      size: { invocations: rows },
    })),

  neighbour_weights_adjoint: () =>
    graphs.map(({ name, rows, modalities, k, column, share, scale, entries }) => ({
      name,
      tensors: {
        column,
        similarity: entries(),
        share,
        scale,
        sum_gradient: floats(rows),
        gradient: entries(),
        similarity_gradient: entries(),
        share_part: floats(rows * modalities),
      },
      params: { rows, modalities, k, learned_part: 0.3 },
      constants: manyGroups(rows),
      size: { invocations: rows * modalities },
    })),
};
