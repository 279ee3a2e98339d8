// One step of graph propagation in Horner form, all columns at once:
//
//     result = a ⊙ base + b ⊙ (A input)
//
// A is a sparse matrix in CSR form; the layer weights a and b act on columns and A acts on rows, so
// that columns never mix (paper, Eq. 1). Repeated L times from input = base = E with a = 1, b = β, and
// the last time with a = c, b = c·β, c = (1 − β) / (1 − β^(L+1)), it yields Σ_l α_l ⊙ A^l E: the
// forward stepwise convolution (Eqs. 1, 2), its adjoint (A is symmetric), and the backward stepwise
// convolution (Eqs. 4, 5). One invocation owns up to four vec4 of one row and walks the
// row's neighbours in order: no atomics, so the same input always gives the same bits. What becomes of
// the result, such as being stored, is finish() of one of kernels/endings, compiled with this file.
//
//   row_start, row_end         A: where each row's entries begin and end; where the ends are the next
//                              row's beginnings, the same array with row_end_shift = 1
//   column, value              column ids and weights of the entries
//   base, input                rows × dim matrices, as vec4 (input: as many rows as A has columns)
//   weights                    a (dim), then b (dim)
//
// Dispatched by src/ops/graphs/propagation.ts.

struct Params {
  rows: u32,
  row_end_shift: u32,
}

@group(0) @binding(0) var<storage, read> row_start: array<u32>;
@group(0) @binding(1) var<storage, read> row_end: array<u32>;
@group(0) @binding(2) var<storage, read> column: array<u32>;
@group(0) @binding(3) var<storage, read> value: array<f32>;
@group(0) @binding(4) var<storage, read> base: array<vec4f>;
@group(0) @binding(5) var<storage, read> input: array<vec4f>;
@group(0) @binding(6) var<storage, read> weights: array<vec4f>;
@group(0) @binding(7) var<uniform> params: Params;

override dim4: u32; // vec4 per row
override lanes: u32 = (dim4 + 3u) / 4u; // invocations per row
override workgroup_size: u32 = 128;

fn finish_vector(row: u32, c: u32, sum: vec4f) {
  if (c < dim4) {
    let at = row * dim4 + c;
    finish(at, weights[c] * base[at] + weights[dim4 + c] * sum);
  }
}

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  let row = invocation / lanes;
  if (row >= params.rows) {
    return;
  }
  let c = invocation % lanes + lanes * vec4u(0u, 1u, 2u, 3u);
  let within = min(c, vec4u(dim4 - 1u)); // beyond the row the last vec4 is summed in vain
  var sum = mat4x4f();
  let end = row_end[row + params.row_end_shift];
  for (var entry = row_start[row]; entry < end; entry++) {
    let at = column[entry] * dim4 + within;
    sum += value[entry] * mat4x4f(input[at.x], input[at.y], input[at.z], input[at.w]);
  }
  finish_vector(row, c.x, sum[0]);
  finish_vector(row, c.y, sum[1]);
  finish_vector(row, c.z, sum[2]);
  finish_vector(row, c.w, sum[3]);
}
