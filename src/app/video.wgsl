// Draws one video frame: picks the part that is looked at, turns it upright, and converts it to gamma-coded RGB.

struct Picture {
    // Texture coordinates = part_min + (0..1) * part_size, after the rotation.
    part_min: vec2<f32>,
    part_size: vec2<f32>,
    // Y'CbCr -> R'G'B': three rows, applied to (Y, Cb, Cr, 1); range and bit depth are folded in.
    row_r: vec4<f32>,
    row_g: vec4<f32>,
    row_b: vec4<f32>,
    // A sample is (low byte, high byte) in 0..1; this weighs them into one number in 0..1.
    weights: vec2<f32>,
    // One plane of RGBA instead of three of Y, Cb and Cr.
    is_rgba: u32,
    // Quarter turns clockwise.
    turns: u32,
};

@group(0) @binding(0) var<uniform> picture: Picture;
@group(0) @binding(1) var plane_sampler: sampler;
@group(0) @binding(2) var plane_0: texture_2d<f32>;
@group(0) @binding(3) var plane_1: texture_2d<f32>;
@group(0) @binding(4) var plane_2: texture_2d<f32>;

struct Corner {
    @builtin(position) position: vec4<f32>,
    @location(0) seen: vec2<f32>,
};

@vertex
fn corner(@builtin(vertex_index) index: u32) -> Corner {
    // Two triangles that fill the viewport.
    let unit = vec2<f32>(f32(index & 1u), f32((index >> 1u) & 1u));
    var out: Corner;
    out.position = vec4<f32>(unit.x * 2.0 - 1.0, 1.0 - unit.y * 2.0, 0.0, 1.0);
    out.seen = picture.part_min + unit * picture.part_size;
    return out;
}

fn stored(seen: vec2<f32>) -> vec2<f32> {
    switch picture.turns {
        case 1u: { return vec2<f32>(seen.y, 1.0 - seen.x); }
        case 2u: { return vec2<f32>(1.0 - seen.x, 1.0 - seen.y); }
        case 3u: { return vec2<f32>(1.0 - seen.y, seen.x); }
        default: { return seen; }
    }
}

@fragment
fn color(in: Corner) -> @location(0) vec4<f32> {
    let at = stored(in.seen);
    let first = textureSample(plane_0, plane_sampler, at);
    let second = textureSample(plane_1, plane_sampler, at);
    let third = textureSample(plane_2, plane_sampler, at);
    if picture.is_rgba == 1u {
        return vec4<f32>(first.rgb, 1.0);
    }
    let sample = vec4<f32>(
        dot(first.rg, picture.weights),
        dot(second.rg, picture.weights),
        dot(third.rg, picture.weights),
        1.0,
    );
    let rgb = vec3<f32>(dot(picture.row_r, sample), dot(picture.row_g, sample), dot(picture.row_b, sample));
    return vec4<f32>(clamp(rgb, vec3<f32>(0.0), vec3<f32>(1.0)), 1.0);
}
