// The gather of stepwise convolution, gather.wgsl with gather/layer_mix.wgsl, for llvmpipe, which loads a
// vec4 from a texture in a fraction of the time that it takes from a buffer:
//
//     result_r = a ⊙ base_r + b ⊙ (A input)_r
//
// Which rows, and what becomes of them, say the parts that gather.wgsl has for that, too. One invocation
// owns up to two vec4 of a row and, to load the weights once, those of the rows that follow: with 64
// columns a vector of the processor's, eight lanes, is one row and never waits for a longer one. (With a
// part that loads them for each row a pass takes 1.15 times as long.) Sums have the same order as there, and
// so the same bits.
//
// A gathered row comes from memory and is needed at once; the processor looks ahead by far less than
// it has to wait. Where rows are in order, an invocation therefore first touches the rows that all its
// entries lead to, one per lane and 64 bytes at a time, so that they are under way together.
//
//   pair_start       rows + 1 offsets: A's entries, two by two
//   entries          an image of them: column, bits of the weight, column, bits of the weight; a row of
//                    an odd number ends with a weight of zero
//   base, input      images of rows × dim matrices, rows_per_line rows side by side
//   weights          a (dim), then b (dim)
//
// Dispatched by src/ops/graphs/image_passes.ts.

@group(0) @binding(0) var<storage, read> pair_start: array<u32>;
@group(0) @binding(1) var entries: texture_storage_2d<rgba32uint, read>;
@group(0) @binding(2) var base: texture_storage_2d<rgba32float, read>;
@group(0) @binding(3) var input: texture_storage_2d<rgba32float, read>;
@group(0) @binding(4) var<storage, read> weights: array<vec4f>;

override dim4: u32; // vec4 per row
override rows_per_line: u32;
override pairs_per_line: u32;
override rows_each: u32; // rows per invocation
override lanes: u32 = (dim4 + 1u) / 2u; // invocations per row
override even: bool = dim4 % 2u == 0u; // whether each has two vec4
override workgroup_size: u32 = 32;

fn pair_at(pair: u32) -> vec4u {
  return textureLoad(entries, vec2u(pair % pairs_per_line, pair / pairs_per_line));
}

fn texel_of(r: u32, c: u32) -> vec2u {
  return vec2u(r % rows_per_line * dim4 + c, r / rows_per_line);
}

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  let c = invocation % lanes;
  let first = first_place() + invocation / lanes * rows_each;
  let end = min(first + rows_each, end_place());
  if (first >= end) {
    return;
  }

  var touched = 0u;
  if (rows_in_order) {
    let last_entry = 2u * pair_start[end];
    for (var entry = 2u * pair_start[first] + c; entry < last_entry; entry += lanes) {
      let two = pair_at(entry / 2u);
      let r = select(two.x, two.z, entry % 2u == 1u);
      for (var line = 0u; line < dim4; line += 4u) {
        touched |= bitcast<u32>(textureLoad(input, texel_of(r, line)).x);
      }
    }
  }

  let a0 = weights[c];
  let b0 = weights[dim4 + c];
  var a1: vec4f;
  var b1: vec4f;
  if (even || c + lanes < dim4) {
    a1 = weights[c + lanes];
    b1 = weights[dim4 + c + lanes];
  }
  var pair = pair_start[row_at(first)];
  for (var place = first; place < end; place++) {
    let r = row_at(place);
    if (!rows_in_order) {
      pair = pair_start[r]; // otherwise it begins where the row before ended
    }
    var sum0 = vec4f();
    var sum1 = vec4f();
    // The first offset is 0, which the compiler does not know: what is touched has to be loaded.
    let last_pair = pair_start[r + 1u] + (touched & pair_start[0]);
    for (; pair < last_pair; pair++) {
      let two = pair_at(pair);
      let texel = texel_of(two.x, c);
      let next_texel = texel_of(two.z, c);
      let weight = bitcast<f32>(two.y);
      let next_weight = bitcast<f32>(two.w);
      sum0 += weight * textureLoad(input, texel);
      sum0 += next_weight * textureLoad(input, next_texel);
      if (even || c + lanes < dim4) {
        sum1 += weight * textureLoad(input, texel + vec2u(lanes, 0u));
        sum1 += next_weight * textureLoad(input, next_texel + vec2u(lanes, 0u));
      }
    }
    let texel = texel_of(r, c);
    let at = r * dim4 + c;
    finish(at, a0 * textureLoad(base, texel) + b0 * sum0);
    if (even || c + lanes < dim4) {
      finish(at + lanes, a1 * textureLoad(base, texel + vec2u(lanes, 0u)) + b1 * sum1);
    }
  }
}
