// A dense matrix product, in parts of its inner dimension:
//
//     C_part = keep · C_part + Σ_k A_ik B_kj     over the part's k      (+ bias_j in the first part)
//
// One invocation owns 16 rows and eight columns of C. Four rows of A at four k are a 4 × 4 matrix, as
// are four k of B at four columns: each round is eight products of such matrices on 24 vectors read.
// `lanes` neighbouring invocations share their rows of A; a workgroup holds as many such groups as fit,
// one below the other. Workgroups are numbered down the rows, then across the columns, then by parts; a
// large product is dispatched in stretches of them. The order of every sum depends on the shapes alone.
//
//   a      rows × inner, its rows padded with zeros to a multiple of 4, as vec4; Aᵀ, inner × rows, its
//          rows padded with anything, where `across`
//   b      inner × columns, its rows padded to a multiple of 4, as vec4
//   bias   a number per column where `with_bias`, padded likewise; not read where not
//   c      parts × rows × columns, padded likewise
//
// Dispatched by src/ops/rows/matrix_product.ts; sum_parts.wgsl adds up the parts.

struct Params {
  rows: u32,
  inner: u32,
  a_stride4: u32, // vec4 per row of a
  columns4: u32, // vec4 per row of b and c
  parts: u32,
  part4: u32, // vec4 of k in a part
  first_group: u32, // the first workgroup of the stretch
  groups: u32, // how many the stretch has
}

@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

// Constants, not parameters: Mesa's software driver compiles a kernel anew for the value of each parameter
// that alone decides a branch, and keeps few of the results.
override across: bool = false;
override keep: bool = false;
override with_bias: bool = false;
override workgroup_size: u32 = 64;

const lanes = 8u;
const four = vec4u(0u, 1u, 2u, 3u);

// Four vectors of a, as columns.
fn a_at(start: vec4u, offset: u32) -> mat4x4f {
  let at = start + offset;
  return mat4x4f(a[at.x], a[at.y], a[at.z], a[at.w]);
}

// Four rows of A at the k-th four, as columns: from where the rows start in a or, across, from where the
// four rows of Aᵀ do.
fn rows_at(rows: vec4u, k: u32, across_start: vec4u, row4: u32) -> mat4x4f {
  if (across) {
    return transpose(a_at(across_start, min(row4, params.a_stride4 - 1u)));
  }
  return a_at(rows, k);
}

// Four rows of B at four columns, as columns.
fn columns_at(start: vec4u, column4: u32, inside: vec4f) -> mat4x4f {
  let at = start + column4;
  let x = mat4x4f(b[at.x], b[at.y], b[at.z], b[at.w]);
  if (across) {
    return mat4x4f(x[0] * inside.x, x[1] * inside.y, x[2] * inside.z, x[3] * inside.w);
  }
  return x;
}

// Writes four rows of four columns.
fn store(part: u32, row: u32, column4: u32, block: mat4x4f) {
  for (var r = 0u; r < 4u && row + r < params.rows; r++) {
    var value = block[r];
    if (with_bias && part == 0u) {
      value += bias[column4];
    }
    let at = (part * params.rows + row + r) * params.columns4 + column4;
    // Not read when replaced: memory that is reused may hold infinities.
    if (keep) {
      value += c[at];
    }
    c[at] = value;
  }
}

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  // A dispatch may have more workgroups than were asked for.
  let place = workgroup_index(here);
  let group = params.first_group + place;
  let height = workgroup_size / lanes; // row groups of a workgroup
  let row_tiles = (params.rows + 16u * height - 1u) / (16u * height);
  let column_tiles = (params.columns4 + 2u * lanes - 1u) / (2u * lanes);
  let tile = group / row_tiles;
  let part = tile / column_tiles;
  // With one row group per workgroup the rows are the same for all, which a compiler should see.
  let below = select(here.local / lanes, 0u, height == 1u);
  let row = (group % row_tiles * height + below) * 16u;
  let left = tile % column_tiles * 2u * lanes + here.local % lanes;
  if (place >= params.groups || row >= params.rows || left >= params.columns4) {
    return;
  }
  // Rows and columns past the end repeat the last and are not stored. So do k: there a is zero or,
  // across, B is made so.
  let right = min(left + lanes, params.columns4 - 1u);
  let last_row = vec4u(params.rows - 1u);
  let rows0 = min(row + four, last_row) * params.a_stride4;
  let rows1 = min(row + 4u + four, last_row) * params.a_stride4;
  let rows2 = min(row + 8u + four, last_row) * params.a_stride4;
  let rows3 = min(row + 12u + four, last_row) * params.a_stride4;
  let row4 = row / 4u;
  var left0 = mat4x4f(); // rows of C as the matrices' columns
  var left1 = mat4x4f();
  var left2 = mat4x4f();
  var left3 = mat4x4f();
  var right0 = mat4x4f();
  var right1 = mat4x4f();
  var right2 = mat4x4f();
  var right3 = mat4x4f();
  let end = min((part + 1u) * params.part4, (params.inner + 3u) / 4u);
  for (var k = part * params.part4; k < end; k++) {
    let inside = vec4f(4u * k + four < vec4u(params.inner));
    let row_of_b = min(4u * k + four, vec4u(params.inner - 1u));
    let x = columns_at(row_of_b * params.columns4, left, inside);
    let y = columns_at(row_of_b * params.columns4, right, inside);
    let across_start = row_of_b * params.a_stride4;
    let a0 = rows_at(rows0, k, across_start, row4);
    left0 += x * a0;
    right0 += y * a0;
    let a1 = rows_at(rows1, k, across_start, row4 + 1u);
    left1 += x * a1;
    right1 += y * a1;
    let a2 = rows_at(rows2, k, across_start, row4 + 2u);
    left2 += x * a2;
    right2 += y * a2;
    let a3 = rows_at(rows3, k, across_start, row4 + 3u);
    left3 += x * a3;
    right3 += y * a3;
  }
  store(part, row, left, left0);
  store(part, row + 4u, left, left1);
  store(part, row + 8u, left, left2);
  store(part, row + 12u, left, left3);
  if (left + lanes < params.columns4) {
    store(part, row, right, right0);
    store(part, row + 4u, right, right1);
    store(part, row + 8u, right, right2);
    store(part, row + 12u, right, right3);
  }
}
