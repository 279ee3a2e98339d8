// A step of conjugate gradients, for many systems A_r x_r = b_r side by side, with A_r = D_r + what its entries
// add, and D_r a diagonal:
//
//     q = D p + s,   a = ⟨r, r / D⟩ / ⟨p, q⟩,   x ← x + a p,   r ← r − a q
//     p ← r / D + (⟨r, r / D⟩ after / before) p,   D_rc = α g_c + λ_r
//
// where s = (A − D) p. A row whose residual is so small that its square vanishes stays as it is.
//
//   gram        g: one number per column, as vec4
//   ridge       λ: one number per row
//   sum         s: rows × dim, as vec4
//   x           likewise
//   residual    r, likewise
//   direction   p, likewise
//
// A workgroup has a row. Its invocations' sums are added up as a tree: the order is fixed.
//
// Source: Hestenes & Stiefel 1952, preconditioned by D. Dispatched by src/ops/least_squares/conjugate_gradients.ts,
// a workgroup per row.

struct Params {
  first: u32, // row
  end: u32,
}

@group(0) @binding(0) var<storage, read> gram: array<vec4f>;
@group(0) @binding(1) var<storage, read> ridge: array<f32>;
@group(0) @binding(2) var<storage, read> sum: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> residual: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> direction: array<vec4f>;
@group(0) @binding(6) var<uniform> params: Params;

override dim4: u32; // vec4 per row
override alpha: f32;
override workgroup_size: u32 = 64; // a power of two, 64 at most

// Before the step ⟨r, r / D⟩ and ⟨p, q⟩; after it the first of these.
var<workgroup> sums: array<vec2f, 64>;

fn add_up(local: u32, own: vec2f) -> vec2f {
  workgroupBarrier();
  sums[local] = own;
  for (var half = workgroup_size / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) {
      sums[local] += sums[local + half];
    }
  }
  workgroupBarrier();
  return sums[0];
}

fn diagonal_at(row: u32, c: u32) -> vec4f {
  return alpha * gram[c] + ridge[row];
}

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  // Rows past the end are walked like the last one, and not stored: all invocations meet at each barrier.
  let own = params.first + workgroup_index(here);
  let inside = own < params.end;
  let row = min(own, params.end - 1u);
  let start = row * dim4;
  var own_sums = vec2f();
  for (var c = here.local; c < dim4; c += workgroup_size) {
    let diagonal = diagonal_at(row, c);
    let r = residual[start + c];
    let p = direction[start + c];
    own_sums += vec2f(dot(r, r / diagonal), dot(p, diagonal * p + sum[start + c]));
  }
  let before = add_up(here.local, own_sums);
  let going = inside && before.x > 0.0 && before.y > 0.0;
  let step = select(0.0, before.x / before.y, going);
  own_sums = vec2f();
  for (var c = here.local; going && c < dim4; c += workgroup_size) {
    let at = start + c;
    let diagonal = diagonal_at(row, c);
    let p = direction[at];
    let r = residual[at] - step * (diagonal * p + sum[at]);
    x[at] += step * p;
    residual[at] = r;
    own_sums.x += dot(r, r / diagonal);
  }
  let after = add_up(here.local, own_sums).x;
  for (var c = here.local; going && c < dim4; c += workgroup_size) {
    let at = start + c;
    direction[at] = residual[at] / diagonal_at(row, c) + after / before.x * direction[at];
  }
}
