// What rows contribute to a regularised least squares, once their vectors are found:
//
//     loss_r = Σ_e v_e² + Σ_c (α g_c + λ_r) x_rc²,   penalty_r = λ_r Σ_c x_rc²     over the entries e of row r
//
// with v_e what is left of entry e.
//
//   row_start   rows + 1 offsets
//   entries     entries × 2: column, bits of v
//   gram        g: one number per column, as vec4
//   ridge       λ: one number per row
//   x           rows × dim, as vec4
//   parts       rows × 2: loss, penalty
//
// A workgroup has a row. Its invocations' sums are added up as a tree: the order is fixed.
//
// Dispatched by src/ops/least_squares/conjugate_gradients.ts, a workgroup per row.

struct Params {
  rows: u32,
}

@group(0) @binding(0) var<storage, read> row_start: array<u32>;
@group(0) @binding(1) var<storage, read> entries: array<vec2u>;
@group(0) @binding(2) var<storage, read> gram: array<vec4f>;
@group(0) @binding(3) var<storage, read> ridge: array<f32>;
@group(0) @binding(4) var<storage, read> x: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> parts: array<vec2f>;
@group(0) @binding(6) var<uniform> params: Params;

override dim4: u32; // vec4 per row
override alpha: f32;

const workgroup_size = 64u;
var<workgroup> sums: array<vec2f, workgroup_size>;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let row = workgroup_index(here);
  let inside = row < params.rows;
  var own = vec2f();
  for (var c = here.local; inside && c < dim4; c += workgroup_size) {
    let value = x[row * dim4 + c];
    let square = value * value;
    own += vec2f(dot(alpha * gram[c] + ridge[row], square), ridge[row] * dot(vec4f(1.0), square));
  }
  if (inside) {
    for (var e = row_start[row] + here.local; e < row_start[row + 1u]; e += workgroup_size) {
      let left = bitcast<f32>(entries[e].y);
      own.x += left * left;
    }
  }
  sums[here.local] = own;
  for (var half = workgroup_size / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (here.local < half) {
      sums[here.local] += sums[here.local + half];
    }
  }
  if (here.local == 0u && inside) {
    parts[row] = sums[0];
  }
}
