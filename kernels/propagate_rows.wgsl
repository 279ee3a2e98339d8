// propagate.wgsl for the rows that a batch touches alone:
//
//     result_r = a ⊙ base_r + b ⊙ (A input)_r
//
// The loss reads H at these rows only, so that the last layer is needed nowhere else.
//
//   batch_start                per batch, where its touched rows begin in `row`; batches + 1 offsets
//   row                        touched rows, batch after batch
//   row_start, column, value   A: rows + 1 offsets; column ids and weights of the entries
//   base, input                rows × dim matrices, as vec4
//   weights                    a (dim), then b (dim)
//
// Dispatched by src/ops/graphs/propagation.ts.

@group(0) @binding(0) var<storage, read> batch_start: array<u32>;
@group(0) @binding(1) var<storage, read> row: array<u32>;
@group(0) @binding(2) var<storage, read> row_start: array<u32>;
@group(0) @binding(3) var<storage, read> column: array<u32>;
@group(0) @binding(4) var<storage, read> value: array<f32>;
@group(0) @binding(5) var<storage, read> base: array<vec4f>;
@group(0) @binding(6) var<storage, read> input: array<vec4f>;
@group(0) @binding(7) var<storage, read> weights: array<vec4f>;

override dim4: u32; // vec4 per row
override lanes: u32 = (dim4 + 3u) / 4u; // invocations per row
override workgroup_size: u32 = 128;

fn finish_vector(r: u32, c: u32, sum: vec4f) {
  if (c < dim4) {
    let at = r * dim4 + c;
    finish(at, weights[c] * base[at] + weights[dim4 + c] * sum);
  }
}

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  let place = batch_start[clock[0]] + invocation / lanes;
  if (place >= batch_start[clock[0] + 1u]) {
    return;
  }
  let r = row[place];
  let c = invocation % lanes + lanes * vec4u(0u, 1u, 2u, 3u);
  let within = min(c, vec4u(dim4 - 1u)); // beyond the row the last vec4 is summed in vain
  var sum = mat4x4f();
  let end = row_start[r + 1u];
  for (var entry = row_start[r]; entry < end; entry++) {
    let at = column[entry] * dim4 + within;
    sum += value[entry] * mat4x4f(input[at.x], input[at.y], input[at.z], input[at.w]);
  }
  finish_vector(r, c.x, sum[0]);
  finish_vector(r, c.y, sum[1]);
  finish_vector(r, c.z, sum[2]);
  finish_vector(r, c.w, sum[3]);
}
