// SPDX-License-Identifier: BSD-2-Clause
/** The GLSL of the WebGL renderer. Positions are map units until gl_Position. */

const VIEW = `#version 300 es
precision highp float;
precision highp int;
uniform vec2 u_centre;
uniform vec2 u_scale; // map units to clip space
`;

/** Texel of a cell in a texture with one texel a cell. */
const TEXEL = `
ivec2 texel(uint cell, int width) { return ivec2(int(cell) % width, int(cell) / width); }
`;

export const CELL_VERTEX = `${VIEW}
layout(location = 0) in vec2 a_position;
layout(location = 1) in uint a_cell;
uniform sampler2D u_colours;
uniform sampler2D u_sites;
uniform int u_hovered;
uniform int u_sounding;
uniform vec3 u_light; // towards what the marked cells are lifted
uniform float u_lift;
flat out vec3 v_colour;
out vec2 v_offset; // from the cell's song
${TEXEL}
void main() {
  ivec2 at = texel(a_cell, textureSize(u_colours, 0).x);
  vec3 colour = texelFetch(u_colours, at, 0).rgb;
  int cell = int(a_cell);
  float lift = cell == u_hovered ? u_lift : cell == u_sounding ? 0.6 * u_lift : 0.0;
  v_colour = mix(colour, u_light, lift);
  v_offset = a_position - texelFetch(u_sites, at, 0).xy;
  gl_Position = vec4((a_position - u_centre) * u_scale, 0.0, 1.0);
}`;

/**
 * Land up to u_coast from the song, then a coast line, then sea with the water lines of old printed
 * maps: parallel to the coast, fainter and further apart outward.
 */
export const CELL_FRAGMENT = `#version 300 es
precision highp float;
uniform float u_coast;
uniform float u_pixel; // map units a device pixel
uniform float u_relief; // 1 / distance over which a cell darkens
uniform float u_shade;
uniform vec3 u_sea;
uniform vec3 u_shallows;
uniform vec3 u_coastInk;
flat in vec3 v_colour;
in vec2 v_offset;
out vec4 colour;
void main() {
  float d = length(v_offset);
  vec3 land = v_colour * (1.0 + u_shade * (0.6 - min(d * u_relief, 1.6)));
  if (d < u_coast - 2.0 * u_pixel) {
    colour = vec4(land, 1.0);
    return;
  }
  float out_ = d - u_coast;
  float t = clamp(out_ / (0.7 * u_coast), 0.0, 1.0);
  vec3 sea = mix(u_shallows, u_sea, sqrt(t));
  float ring = sqrt(max(t, 0.0)) * 5.0;
  float width = 5.0 * u_pixel / (1.4 * u_coast * max(sqrt(t), 0.15));
  float line = 1.0 - smoothstep(width * 0.5, width * 1.5, abs(fract(ring + 0.5) - 0.5));
  sea = mix(sea, u_coastInk, line * 0.3 * (1.0 - t) * step(0.5, ring));
  vec3 c = mix(land, sea, smoothstep(-u_pixel, u_pixel, out_));
  float shore = 1.0 - smoothstep(0.6 * u_pixel, 1.8 * u_pixel, abs(out_));
  colour = vec4(mix(c, u_coastInk, 0.75 * shore), 1.0);
}`;

export const BORDER_VERTEX = `${VIEW}
layout(location = 0) in vec4 a_ends; // x, y, x, y
layout(location = 1) in uint a_cell; // the cell on the left
uniform sampler2D u_sites;
uniform vec2 u_size; // device pixels
uniform float u_half; // half the width, device pixels
uniform float u_cap;
out vec2 v_local; // along, across; device pixels from the first end
out vec2 v_offset; // from the left cell's song, map units
flat out float v_length;
${TEXEL}
void main() {
  vec2 toPixels = 0.5 * u_scale * u_size;
  vec2 a = (a_ends.xy - u_centre) * toPixels;
  vec2 b = (a_ends.zw - u_centre) * toPixels;
  float len = distance(a, b);
  vec2 along = len > 0.0 ? (b - a) / len : vec2(1.0, 0.0);
  vec2 across = vec2(-along.y, along.x);
  float grow = u_half + 1.0; // room for the feather
  int corner = gl_VertexID & 3;
  float end = corner < 2 ? -grow * u_cap : len + grow * u_cap;
  float side = (corner & 1) == 0 ? -grow : grow;
  v_local = vec2(end, side);
  v_length = len;
  vec2 at = a + along * end + across * side;
  vec2 site = texelFetch(u_sites, texel(a_cell, textureSize(u_sites, 0).x), 0).xy;
  v_offset = at / toPixels + u_centre - site;
  gl_Position = vec4(at / (0.5 * u_size), 0.0, 1.0);
}`;

export const BORDER_FRAGMENT = `#version 300 es
precision highp float;
uniform vec4 u_colour;
uniform float u_half;
uniform float u_coast;
uniform float u_atSea;
in vec2 v_local;
in vec2 v_offset;
flat in float v_length;
out vec4 colour;
void main() {
  float beyond = v_local.x - clamp(v_local.x, 0.0, v_length);
  float distance = length(vec2(beyond, v_local.y));
  float alpha = clamp(u_half + 0.5 - distance, 0.0, 1.0) * min(1.0, 2.0 * u_half);
  alpha *= dot(v_offset, v_offset) > u_coast * u_coast ? u_atSea : 1.0;
  colour = vec4(u_colour.rgb, u_colour.a * alpha);
}`;
