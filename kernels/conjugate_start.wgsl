// The start of conjugate gradients, for many systems A_r x_r = b_r side by side, with A_r = D_r + what its entries
// add, and D_r a diagonal:
//
//     r = s − D x,   p = r / D,   D_rc = α g_c + λ_r
//
// where s = b − (A − D) x.
//
//   gram        g: one number per column, as vec4
//   ridge       λ: one number per row
//   x           rows × dim, as vec4: where to start
//   sum         s, likewise
//   residual    r, likewise
//   direction   p, likewise
//
// Source: Hestenes & Stiefel 1952, preconditioned by D. Dispatched by src/ops/least_squares/conjugate_gradients.ts,
// one invocation per vec4.

struct Params {
  first: u32, // vec4
  end: u32,
}

@group(0) @binding(0) var<storage, read> gram: array<vec4f>;
@group(0) @binding(1) var<storage, read> ridge: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> sum: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> residual: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> direction: array<vec4f>;
@group(0) @binding(6) var<uniform> params: Params;

override dim4: u32; // vec4 per row
override alpha: f32;
override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let at = params.first + invocation_index(here, workgroup_size);
  if (at >= params.end) {
    return;
  }
  let diagonal = alpha * gram[at % dim4] + ridge[at / dim4];
  let left = sum[at] - diagonal * x[at];
  residual[at] = left;
  direction[at] = left / diagonal;
}
