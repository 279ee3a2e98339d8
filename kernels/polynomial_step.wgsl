// One step of Clenshaw's recurrence for a polynomial of a sparse matrix, all columns at once:
//
//     output = w base + p (A input) + q input + r earlier
//
// Repeated from the highest degree down, with input = B_(k+1) and earlier = B_(k+2), it sums up a series of
// polynomials that follow from each other by a three-term recurrence, without making any of them (Clenshaw
// 1955). One invocation owns up to four vec4 of one row and walks the row's neighbours in order, as in
// propagate.wgsl.
//
//   row_start, column, value        A: rows + 1 offsets; column ids and weights of the entries
//   base, input, earlier, output    rows × dim matrices, as vec4; `earlier` is not read where r is 0
//
// Dispatched by src/ops/graphs/polynomial_convolution.ts.

struct Params {
  rows: u32,
  base_weight: f32, // w
  product_weight: f32, // p
  input_weight: f32, // q
  earlier_weight: f32, // r
}

@group(0) @binding(0) var<storage, read> row_start: array<u32>;
@group(0) @binding(1) var<storage, read> column: array<u32>;
@group(0) @binding(2) var<storage, read> value: array<f32>;
@group(0) @binding(3) var<storage, read> base: array<vec4f>;
@group(0) @binding(4) var<storage, read> input: array<vec4f>;
@group(0) @binding(5) var<storage, read> earlier: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> output: array<vec4f>;
@group(0) @binding(7) var<uniform> params: Params;

override dim4: u32; // vec4 per row
override lanes: u32 = (dim4 + 3u) / 4u; // invocations per row
override workgroup_size: u32 = 128;

fn finish_vector(row: u32, c: u32, sum: vec4f) {
  if (c < dim4) {
    let at = row * dim4 + c;
    var result = params.base_weight * base[at] + params.product_weight * sum;
    result += params.input_weight * input[at];
    if (params.earlier_weight != 0.0) {
      result += params.earlier_weight * earlier[at];
    }
    output[at] = result;
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
  let end = row_start[row + 1u];
  for (var entry = row_start[row]; entry < end; entry++) {
    let at = column[entry] * dim4 + within;
    sum += value[entry] * mat4x4f(input[at.x], input[at.y], input[at.z], input[at.w]);
  }
  finish_vector(row, c.x, sum[0]);
  finish_vector(row, c.y, sum[1]);
  finish_vector(row, c.z, sum[2]);
  finish_vector(row, c.w, sum[3]);
}
