// SPDX-License-Identifier: BSD-2-Clause
/**
 * The GLSL of the WebGL renderer. The map is shaded pixel by pixel as in raster.ts: a texture tells
 * roughly which songs are near (the worker's picture of who owns which pixel), the exact one of them
 * is found here, so that borders are sharp at any zoom between two such pictures.
 */

const COMMON = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
`;

/** Texel of a song in a texture with one texel a song. */
const TEXEL = `
ivec2 texel(uint cell, int width) { return ivec2(int(cell) % width, int(cell) / width); }
`;

export const MAP_VERTEX = `${COMMON}
void main() {
  // One triangle that covers the window.
  vec2 at = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  gl_Position = vec4(at, 0.0, 1.0);
}`;

export const MAP_FRAGMENT = `${COMMON}
uniform usampler2D u_ids;
uniform usampler2D u_clusters;
uniform sampler2D u_sites;
uniform sampler2D u_colours;
uniform vec2 u_centre; // of the view, map units
uniform vec2 u_size; // device pixels
uniform float u_scale; // device pixels a map unit
uniform vec2 u_idsCentre;
uniform float u_idsScale;
uniform float u_coast; // device pixels
uniform float u_openSea; // in coast distances
uniform vec3 u_sea;
uniform vec3 u_shallows;
uniform vec3 u_coastInk;
uniform float u_pixel; // device pixels a CSS pixel
uniform vec4 u_cellBorder; // colour, alpha
uniform vec4 u_countryBorder;
uniform vec3 u_regionBorder;
uniform vec3 u_widths; // of cells', countries' and regions' borders
uniform float u_relief;
uniform float u_reliefReach;
uniform int u_hovered;
uniform int u_sounding;
uniform vec3 u_light;
out vec4 colour;
${TEXEL}
const uint NOBODY = 0xffffffffu;

vec2 siteOf(uint cell) {
  vec2 site = texelFetch(u_sites, texel(cell, textureSize(u_sites, 0).x), 0).xy;
  return (site - u_centre) * u_scale;
}

// Country and region.
uvec2 landsOf(uint cell) { return texelFetch(u_clusters, texel(cell, textureSize(u_clusters, 0).x), 0).rg; }

uint owner(ivec2 at) { return texelFetch(u_ids, clamp(at, ivec2(0), textureSize(u_ids, 0) - 1), 0).r; }

float coverage(float width, float distance) { return clamp(0.5 * width + 0.5 - distance, 0.0, 1.0) * min(1.0, width); }

vec3 waterAt(float out_) {
  float t = clamp(out_ / ((u_openSea - 1.0) * u_coast), 0.0, 1.0);
  float root = sqrt(t);
  vec3 sea = mix(u_shallows, u_sea, root);
  float ring = 5.0 * root;
  float width = 5.0 * u_pixel / (2.0 * (u_openSea - 1.0) * u_coast * max(root, 0.15));
  float line = 1.0 - smoothstep(width * 0.5, width * 1.5, abs(fract(ring + 0.5) - 0.5));
  return mix(sea, u_coastInk, line * 0.3 * (1.0 - t) * step(0.5, ring));
}

const ivec2 AROUND[12] = ivec2[](ivec2(-1, 0), ivec2(1, 0), ivec2(0, -1), ivec2(0, 1), ivec2(-1, -1), ivec2(1, -1),
  ivec2(-1, 1), ivec2(1, 1), ivec2(-2, 0), ivec2(2, 0), ivec2(0, -2), ivec2(0, 2));

void main() {
  vec2 at = gl_FragCoord.xy - 0.5 * u_size; // device pixels from the middle, y upward
  vec2 place = (at / u_scale + u_centre - u_idsCentre) * u_idsScale;
  ivec2 size = textureSize(u_ids, 0);
  vec2 q = vec2(place.x + 0.5 * float(size.x), 0.5 * float(size.y) - place.y);
  ivec2 here = ivec2(floor(q));
  colour = vec4(u_sea, 1.0);
  if (here.x < 0 || here.y < 0 || here.x >= size.x || here.y >= size.y) return;
  uint best = owner(here);
  if (best == NOBODY) return;
  vec2 site = siteOf(best);
  float least = dot(site - at, site - at);
  for (int i = 0; i < 8; i++) {
    uint other = owner(here + AROUND[i]);
    if (other == best || other == NOBODY) continue;
    vec2 s = siteOf(other);
    float d = dot(s - at, s - at);
    if (d < least) { best = other; site = s; least = d; }
  }
  float d = sqrt(least);
  vec3 land = texelFetch(u_colours, texel(best, textureSize(u_colours, 0).x), 0).rgb;
  float lift = int(best) == u_hovered ? 0.5 : int(best) == u_sounding ? 0.3 : 0.0;
  land = mix(land, u_light, lift) * (1.0 + u_relief * (0.6 - min(1.6, d / u_reliefReach)));
  if (d < u_coast) {
    float cell = 1e9;
    float country = 1e9;
    float region = 1e9;
    uvec2 own = landsOf(best);
    for (int i = 0; i < 12; i++) {
      uint other = owner(here + AROUND[i]);
      if (other == best || other == NOBODY) continue;
      vec2 s = siteOf(other);
      float between = distance(s, site);
      float away = between > 0.0 ? (dot(s - at, s - at) - least) / (2.0 * between) : 0.5;
      uvec2 lands = landsOf(other);
      if (lands.r == own.r) cell = min(cell, away);
      else country = min(country, away);
      if (lands.g != own.g) region = min(region, away);
    }
    float broad = coverage(u_widths.z, region) * u_countryBorder.a;
    float share = coverage(u_widths.y, country) * u_countryBorder.a;
    if (broad > 0.0) land = mix(land, u_regionBorder, broad);
    else if (share > 0.0) land = mix(land, u_countryBorder.rgb, share);
    else land = mix(land, u_cellBorder.rgb, coverage(u_widths.x, cell) * u_cellBorder.a);
  }
  float out_ = d - u_coast;
  vec3 c = mix(land, waterAt(out_), clamp(out_ + 0.5, 0.0, 1.0));
  float shore = coverage(2.0 * u_pixel, abs(out_));
  colour = vec4(mix(c, u_coastInk, 0.75 * shore), 1.0);
}`;

/** Rings around marked cells: lines spread to their width, four vertices each. */
export const RING_VERTEX = `${COMMON}
layout(location = 0) in vec4 a_ends; // x, y, x, y
uniform vec2 u_centre;
uniform float u_scale;
uniform vec2 u_size; // device pixels
uniform float u_half; // half the width, device pixels
out vec2 v_local; // along, across; device pixels from the first end
flat out float v_length;
void main() {
  vec2 a = (a_ends.xy - u_centre) * u_scale;
  vec2 b = (a_ends.zw - u_centre) * u_scale;
  float len = distance(a, b);
  vec2 along = len > 0.0 ? (b - a) / len : vec2(1.0, 0.0);
  float grow = u_half + 1.0; // room for the feather
  int corner = gl_VertexID & 3;
  v_local = vec2(corner < 2 ? -grow : len + grow, (corner & 1) == 0 ? -grow : grow);
  v_length = len;
  vec2 at = a + along * v_local.x + vec2(-along.y, along.x) * v_local.y;
  gl_Position = vec4(at / (0.5 * u_size), 0.0, 1.0);
}`;

export const RING_FRAGMENT = `${COMMON}
uniform vec3 u_colour;
uniform float u_half;
in vec2 v_local;
flat in float v_length;
out vec4 colour;
void main() {
  float beyond = v_local.x - clamp(v_local.x, 0.0, v_length);
  float distance = length(vec2(beyond, v_local.y));
  colour = vec4(u_colour, clamp(u_half + 0.5 - distance, 0.0, 1.0) * min(1.0, 2.0 * u_half));
}`;
