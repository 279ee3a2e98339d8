// The Gram matrix of a tile of rows, added to what earlier tiles gave:
//
//     total ← total + Xᵀ X
//
// With X a tile of centred features, the tiles' sum is the matrix whose eigenvectors are the features'
// right singular vectors (whitening; paper, "Motivation", last paragraph). Each invocation owns a 4 × 4
// block; the tile's sum is formed first and added once, which keeps rounding errors of long sums small.
//
//   x       rows × width, width a multiple of 4 (padded with zeros), as vec4
//   total   width × width, as vec4
//
// Dispatched by src/features/singular_vectors.ts.

struct Params {
  rows: u32,
  width4: u32, // vec4 per row
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> total: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

override workgroup_size: u32 = 64;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let block = invocation_index(here, workgroup_size);
  let i = block / params.width4;
  let j = block % params.width4;
  if (i >= params.width4) {
    return;
  }
  var sum = mat4x4f();
  for (var row = 0u; row < params.rows; row++) {
    let left = x[row * params.width4 + i];
    let right = x[row * params.width4 + j];
    sum[0] += left.x * right;
    sum[1] += left.y * right;
    sum[2] += left.z * right;
    sum[3] += left.w * right;
  }
  for (var r = 0u; r < 4u; r++) {
    total[(i * 4u + r) * params.width4 + j] += sum[r];
  }
}
