// Who walks what: segments of about equal length, listed with the matrix. The longest rows come first, each
// shared by as many groups as its length asks for.
//
//   segments   per group: row, first entry, end of the entries, groups that share the row. Those of a row are
//              in one block of 16, at a multiple of their number; four zeros stand for no row.
//
// Made by src/sparse/row_segments.ts, bound by src/ops/graphs/gather.ts.

struct Params {
  first_segment: u32,
  end_segment: u32,
}

@group(0) @binding(9) var<storage, read> segments: array<vec4u>;
@group(0) @binding(10) var<uniform> params: Params;

fn stretch_at(group: u32) -> Stretch {
  let number = params.first_segment + group;
  if (number >= params.end_segment) {
    return Stretch();
  }
  let segment = segments[number];
  return Stretch(segment.x, segment.y, segment.z, segment.w, number % max(1u, segment.w));
}

fn most_parts(first_of_workgroup: Stretch) -> u32 {
  return first_of_workgroup.parts; // as the longest rows come first
}
