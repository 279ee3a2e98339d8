// Minus the inverse of a block of 64 × 64, symmetric and positive definite, on the diagonal of a matrix:
//
//     block = −D⁻¹,   D_rc = panel_(r, first + c)
//
// by sweeping one pivot p after the other, which keeps the block symmetric and needs no other memory:
//
//     D_ij ← D_ij − D_ip D_pj / D_pp,   D_ip ← D_ip / D_pp,   D_pj ← D_pj / D_pp,   D_pp ← −1 / D_pp
//
//   panel   64 × size: rows of the matrix
//   block   64 × 64
//
// Source: Goodnight 1979, "A tutorial on the SWEEP operator". Dispatched by src/ops/least_squares/inverse.ts, one
// workgroup.

struct Params {
  size: u32,
  first: u32,
}

@group(0) @binding(0) var<storage, read> panel: array<f32>;
@group(0) @binding(1) var<storage, read_write> block: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const width = 64u;
const workgroup_size = 256u;
var<workgroup> d: array<f32, 4096>; // 16 KiB, all that there is

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  for (var at = here.local; at < width * width; at += workgroup_size) {
    d[at] = panel[at / width * params.size + params.first + at % width];
  }
  workgroupBarrier();
  for (var p = 0u; p < width; p++) {
    let pivot = d[p * width + p];
    for (var at = here.local; at < width * width; at += workgroup_size) {
      let i = at / width;
      let j = at % width;
      if (i != p && j != p) {
        d[at] -= d[i * width + p] * d[p * width + j] / pivot;
      }
    }
    workgroupBarrier();
    for (var k = here.local; k < width; k += workgroup_size) {
      if (k != p) {
        d[k * width + p] /= pivot;
        d[p * width + k] /= pivot;
      } else {
        d[k * width + k] = -1.0 / pivot;
      }
    }
    workgroupBarrier();
  }
  for (var at = here.local; at < width * width; at += workgroup_size) {
    block[at] = d[at];
  }
}
