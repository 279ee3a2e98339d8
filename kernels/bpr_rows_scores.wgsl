// Margins of a batch's triples, from gathered rows of any width:
//
//     margin_t = Σ_j u_tj (p_tj − n_tj)
//
// `lanes` invocations share a triple and add up their sums as a tree: the order is fixed. Rows beyond a
// partial batch give margins that nobody reads.
//
//   users    batch_size × width: u
//   items    2 batch_size × width: p, then n
//   margin   one number per triple of the batch
//
// Dispatched by src/ops/losses/bpr_rows_loss.ts; bpr_rows_gradient.wgsl is its adjoint.

struct Params {
  batch_size: u32,
  width: u32,
}

@group(0) @binding(0) var<storage, read> users: array<f32>;
@group(0) @binding(1) var<storage, read> items: array<f32>;
@group(0) @binding(2) var<storage, read_write> margin: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

override lanes: u32 = 1; // a power of two, up to the workgroup's size
override workgroup_size: u32 = 64;
var<workgroup> sums: array<f32, workgroup_size>;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  let t = invocation / lanes;
  let lane = here.local % lanes;
  // Invocations beyond the rows have nothing to walk, but meet the others at the barriers.
  let width = select(0u, params.width, t < params.batch_size);
  let positive = t * params.width;
  let negative = (params.batch_size + t) * params.width;
  var sum = 0.0;
  for (var j = lane; j < width; j += lanes) {
    sum += users[positive + j] * (items[positive + j] - items[negative + j]);
  }
  sums[here.local] = sum;
  for (var half = lanes / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      sums[here.local] += sums[here.local + half];
    }
  }
  if (lane == 0u && t < params.batch_size) {
    margin[t] = sums[here.local];
  }
}
