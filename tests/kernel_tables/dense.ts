/** Awkward shapes for the kernels of matrix products. */
import { type Case, floats } from "./random_case.ts";

/** What is replaced may hold anything. */
const before = (keep: number, length: number) =>
  keep === 1 ? floats(length) : new Float32Array(length).fill(NaN);

const padded = (width: number): number => 4 * Math.ceil(width / 4);

/** rows × inner, padded with zeros to whole vec4. */
function paddedFloats(rows: number, inner: number): Float32Array<ArrayBuffer> {
  const stride = padded(inner);
  return floats(rows * stride).map((x, at) => at % stride < inner ? x : 0);
}

/** As kernels/product.wgsl has them. */
const LANES = 8;

const blockProducts = [
  { rows: 1, inner: 1, columns4: 1, parts: 1 },
  { rows: 5, inner: 7, columns4: 3, parts: 1 },
  { rows: 150, inner: 30, columns4: 17, parts: 3 },
  { rows: 90, inner: 9, columns4: 16, parts: 3, workgroup_size: LANES }, // an empty part
  { rows: 33, inner: 64, columns4: 9, parts: 2, workgroup_size: LANES },
  { rows: 1, inner: 262_200, columns4: 1, parts: 65_550 }, // > 65,535 workgroups
  // Stretches: from within the rows to within the next columns, from there to the end, and more than
  // 65,535 workgroups that are not the last.
  { rows: 150, inner: 30, columns4: 17, parts: 3, first_group: 1, groups: 4 },
  { rows: 90, inner: 9, columns4: 20, parts: 2, workgroup_size: LANES, first_group: 8, groups: 16 },
  { rows: 1, inner: 262_280, columns4: 1, parts: 65_570, first_group: 3, groups: 65_539 },
];

export const cases: Record<string, () => Case[]> = {
  product: () =>
    blockProducts.flatMap(({ rows, inner, columns4, parts, workgroup_size = 64, ...stretch }) => {
      const tiles = Math.ceil(rows / (16 * workgroup_size / LANES)) *
        Math.ceil(columns4 / (2 * LANES));
      const { first_group = 0, groups = tiles * parts } = stretch;
      return [
        { keep: 0, with_bias: 1, across: 0 },
        { keep: 1, with_bias: 0, across: 0 },
        { keep: 0, with_bias: 0, across: 1 },
      ].map(({ keep, with_bias, across }) => ({
        name: `${rows} × ${inner} × ${4 * columns4} in ${parts} parts, keep ${keep}, ` +
          `across ${across}, ${groups} workgroups from ${first_group}`,
        tensors: {
          a: across === 1 ? floats(inner * padded(rows)) : paddedFloats(rows, inner),
          b: floats(inner * 4 * columns4),
          bias: floats(4 * columns4),
          // What is outside the stretch stays, and is compared.
          c: before(stretch.groups ? 1 : keep, parts * rows * 4 * columns4),
        },
        params: {
          rows,
          inner,
          a_stride4: padded(across === 1 ? rows : inner) / 4,
          columns4,
          parts,
          part4: Math.ceil(Math.ceil(inner / 4) / parts),
          first_group,
          groups,
        },
        constants: { across, keep, with_bias, workgroup_size },
        size: { workgroups: groups },
      }));
    }),

  sum_parts: () =>
    [[1, 1], [5, 3], [300, 40], [70_001, 2]].flatMap(([elements, parts]) =>
      [0, 1].map((keep) => ({
        name: `${parts} parts of ${elements}, keep ${keep}`,
        tensors: { part: floats(parts! * elements!), total: before(keep, elements!) },
        params: { elements: elements!, parts: parts!, keep },
        constants: { workgroup_size: elements! > 65_535 ? 1 : 128 },
        size: { invocations: elements! },
      }))
    ),

  column_sums: () =>
    [
      { rows: 1, columns: 1, part_rows: 1 },
      { rows: 10, columns: 7, part_rows: 4 },
      { rows: 1000, columns: 65, part_rows: 256 },
      { rows: 70_001, columns: 2, part_rows: 2, workgroup_size: 1 },
    ].map(({ rows, columns, part_rows, workgroup_size = 128 }) => {
      const parts = Math.ceil(rows / part_rows);
      return {
        name: `${rows} × ${columns} by ${part_rows} rows`,
        tensors: { x: floats(rows * columns), sum: before(0, parts * columns) },
        params: { rows, columns, parts, part_rows },
        constants: { workgroup_size },
        size: { invocations: parts * columns },
      };
    }),

  rearrange: () =>
    [
      { rows: 1, columns: 1, stride: 1 },
      { rows: 7, columns: 5, stride: 8 },
      { rows: 9, columns: 6, stride: 6 },
      { rows: 100, columns: 33, stride: 36 },
      { rows: 262_500, columns: 1, stride: 4, workgroup_size: 1 }, // > 65,535 workgroups
    ].flatMap(({ rows, columns, stride, workgroup_size = 128 }) =>
      [0, 1].map((transposed) => {
        const input_stride = (transposed ? rows : columns) + 3;
        return {
          name: `${rows} × ${columns} to ${stride}, transposed ${transposed}`,
          tensors: {
            input: floats((transposed ? columns : rows) * input_stride),
            output: before(0, rows * stride),
          },
          params: { rows, columns, input_stride, stride, transposed },
          constants: { workgroup_size },
          size: { invocations: Math.ceil(rows / 4) * Math.ceil(stride / 4) },
        };
      })
    ),
};
