// A sparse matrix times a dense one, replacing or added to what is there:
//
//     output = keep · output + A input
//
// One invocation owns up to four vec4 of one row and walks the row's entries in order: no atomics, so
// that the same input always gives the same bits.
//
//   row_start, column, value   A in CSR form: rows + 1 offsets; column ids and weights of the entries
//   input                      columns of A × width, as vec4
//   output                     rows of A × width, as vec4
//
// Dispatched by src/ops/graphs/sparse_product.ts.

struct Params {
  rows: u32,
  keep: u32, // 0 or 1
}

@group(0) @binding(0) var<storage, read> row_start: array<u32>;
@group(0) @binding(1) var<storage, read> column: array<u32>;
@group(0) @binding(2) var<storage, read> value: array<f32>;
@group(0) @binding(3) var<storage, read> input: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> output: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

override width4: u32; // vec4 per row
override lanes: u32 = (width4 + 3u) / 4u; // invocations per row
override workgroup_size: u32 = 128;

fn finish_vector(row: u32, c: u32, sum: vec4f) {
  if (c < width4) {
    let at = row * width4 + c;
    // Not read when replaced: memory that is reused may hold infinities.
    if (params.keep == 1u) {
      output[at] += sum;
    } else {
      output[at] = sum;
    }
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
  let within = min(c, vec4u(width4 - 1u)); // beyond the row the last vec4 is summed in vain
  var sum = mat4x4f();
  let end = row_start[row + 1u];
  for (var entry = row_start[row]; entry < end; entry++) {
    let at = column[entry] * width4 + within;
    sum += value[entry] * mat4x4f(input[at.x], input[at.y], input[at.z], input[at.w]);
  }
  finish_vector(row, c.x, sum[0]);
  finish_vector(row, c.y, sum[1]);
  finish_vector(row, c.z, sum[2]);
  finish_vector(row, c.w, sum[3]);
}
