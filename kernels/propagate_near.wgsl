// propagate.wgsl, restricted to the rows that matter to a batch:
//
//     output = a ⊙ base + b ⊙ (A input)
//
// The loss reads H at the rows of its batch only, so that the last layer is needed there alone and the
// one before at their neighbours. The gradient, in turn, starts at those rows and is zero elsewhere, so
// that the first adjoint pass reads these alone, and the second their neighbours. Terms that are left out
// are zeros, and the order of the rest stays: the result has the same bits as that of propagate.wgsl.
//
//   row_start, column, value   A: rows + 1 offsets; column ids and weights of the entries
//   base, input, output        rows × dim matrices, as vec4; rows beyond row_reach are not written
//   weights                    a (dim), then b (dim)
//   clock                      number of the batch within the epoch, and since training was set up
//   near                       marks of mark_near.wgsl
//
// Dispatched by src/ops/stepwise_convolution.ts.

struct Params {
  rows: u32,
  row_reach: u32, // compute rows of the batch (0), their neighbours too (1), or all (2)
  neighbour_reach: u32, // likewise for the rows that are read; the others are zero
}

@group(0) @binding(0) var<storage, read> row_start: array<u32>;
@group(0) @binding(1) var<storage, read> column: array<u32>;
@group(0) @binding(2) var<storage, read> value: array<f32>;
@group(0) @binding(3) var<storage, read> base: array<vec4f>;
@group(0) @binding(4) var<storage, read> input: array<vec4f>;
@group(0) @binding(5) var<storage, read> weights: array<vec4f>;
@group(0) @binding(6) var<storage, read> clock: array<u32>;
@group(0) @binding(7) var<storage, read> near: array<u32>;
@group(0) @binding(8) var<storage, read_write> output: array<vec4f>;
@group(0) @binding(9) var<uniform> params: Params;

override dim4: u32; // vec4 per row
override lanes: u32 = (dim4 + 3u) / 4u; // invocations per row
override even: bool = dim4 % 4u == 0u; // whether each has four vec4
override workgroup_size: u32 = 128;

// The least mark of a row that is at most so far from the batch.
fn least_mark(reach: u32) -> u32 {
  return select(4u * clock[1] + 3u - reach, 0u, reach == 2u);
}

@compute @workgroup_size(workgroup_size)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let invocation = (workgroup.y * workgroups.x + workgroup.x) * workgroup_size + local;
  let row = invocation / lanes;
  if (row >= params.rows || near[row] < least_mark(params.row_reach)) {
    return;
  }
  let least = least_mark(params.neighbour_reach);
  let lane = invocation % lanes;
  var sum: array<vec4f, 4>;
  let end = row_start[row + 1u];
  for (var entry = row_start[row]; entry < end; entry++) {
    if (near[column[entry]] >= least) {
      let neighbour = column[entry] * dim4;
      let weight = value[entry];
      for (var part = 0u; part < 4u; part++) {
        let c = lane + part * lanes;
        if (even || c < dim4) {
          sum[part] += weight * input[neighbour + c];
        }
      }
    }
  }
  let at = row * dim4;
  for (var part = 0u; part < 4u; part++) {
    let c = lane + part * lanes;
    if (even || c < dim4) {
      output[at + c] = weights[c] * base[at + c] + weights[dim4 + c] * sum[part];
    }
  }
}
