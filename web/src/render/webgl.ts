// SPDX-License-Identifier: BSD-2-Clause
/**
 * WebGL2 renderer. Static buffers for a map: the cells as triangle fans (position, cell number) and
 * the borders as quads, both sorted by tile so that what is off screen is not drawn.
 * Colours live in a texture with one texel a cell, so that recolouring costs one upload.
 * Land and sea are told apart per pixel by the distance to the cell's own song.
 */
import type { Atlas, Span } from '../map/atlas';
import { visibleRect, type View } from '../map/camera';
import type { Palette, Rgb } from './palette';
import { markOutline } from './coast';
import { cellBorderStrength, countryBorderWidth, type Marks, type Renderer } from './renderer';
import { BORDER_FRAGMENT, BORDER_VERTEX, CELL_FRAGMENT, CELL_VERTEX } from './shaders';
import { BorderBatch, BorderLines } from './webgl-borders';
import { GpuScene, type Borders } from './webgl-scene';

const MAX_SPANS = 64; // beyond that one big draw call is cheaper than many exact ones

interface Program {
  readonly handle: WebGLProgram;
  readonly at: (name: string) => WebGLUniformLocation | null;
}

export class WebglRenderer implements Renderer {
  readonly kind = 'webgl2';
  readonly canvas = document.createElement('canvas');
  private readonly gl: WebGL2RenderingContext;
  private readonly cellProgram: Program;
  private readonly borderProgram: Program;
  private readonly ring: BorderBatch;
  private scene: GpuScene | undefined;
  private atlas: Atlas | undefined;
  private palette: Palette | undefined;
  private ratio = 1;
  private disposed = false;

  constructor(lost: () => void, evenSlow: boolean) {
    const gl = this.canvas.getContext('webgl2', {
      alpha: false,
      antialias: false, // borders are feathered in the shader; multisampling would cost four times as much
      depth: false,
      stencil: false,
      powerPreference: 'high-performance',
      failIfMajorPerformanceCaveat: !evenSlow,
    });
    if (!gl) throw new Error('there is no WebGL2 in hardware');
    if (!evenSlow && isSoftware(gl)) {
      gl.getExtension('WEBGL_lose_context')?.loseContext();
      throw new Error('its WebGL2 is software');
    }
    this.gl = gl;
    this.cellProgram = this.compile(CELL_VERTEX, CELL_FRAGMENT);
    this.borderProgram = this.compile(BORDER_VERTEX, BORDER_FRAGMENT);
    this.ring = new BorderBatch(gl);
    this.canvas.addEventListener('webglcontextlost', () => {
      if (!this.disposed) lost();
    });
  }

  setScene(atlas: Atlas, palette: Palette): void {
    if (atlas !== this.atlas || !this.scene) {
      this.scene?.release();
      this.atlas = atlas;
      this.scene = new GpuScene(this.gl, atlas);
    }
    this.palette = palette;
    this.scene.setColours(palette.land);
  }

  resize(width: number, height: number, ratio: number): void {
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
  }

  draw(view: View, marks: Marks): boolean {
    const { gl, scene, atlas, palette } = this;
    if (!scene || !atlas || !palette || gl.isContextLost()) return false;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(palette.sea[0] / 255, palette.sea[1] / 255, palette.sea[2] / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);

    const tiles = atlas.spansIn(visibleRect(view), MAX_SPANS);
    this.drawCells(view, marks, tiles, scene, atlas, palette);
    const typical = atlas.typicalRadius * view.scale;
    const strength = cellBorderStrength(typical);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    this.useBorders(view, atlas, scene);
    if (strength > 0) {
      this.borderStyle(palette.cellBorder, palette.cellBorderAlpha * strength, Math.min(1.6, 0.5 + typical / 40), 0.15);
      this.drawBorders(scene.inner, tiles);
    }
    this.borderStyle(palette.countryBorder, palette.countryBorderAlpha, countryBorderWidth(typical), 0.08, 1);
    this.drawBorders(scene.country, tiles);
    this.drawMarks(marks, atlas, palette);
    gl.disable(gl.BLEND);
    gl.bindVertexArray(null);
    return false;
  }

  dispose(): void {
    this.disposed = true;
    this.scene?.release();
    this.gl.getExtension('WEBGL_lose_context')?.loseContext();
    this.canvas.remove();
  }

  // ---- drawing ----

  private drawCells(view: View, marks: Marks, tiles: Span[], scene: GpuScene, atlas: Atlas, palette: Palette): void {
    const { gl } = this;
    const { handle, at } = this.cellProgram;
    gl.useProgram(handle);
    this.setView(at, view);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, scene.colours);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, scene.sites);
    gl.uniform1i(at('u_colours'), 0);
    gl.uniform1i(at('u_sites'), 1);
    gl.uniform1f(at('u_coast'), atlas.coast);
    gl.uniform1f(at('u_pixel'), 1 / (view.scale * this.ratio));
    gl.uniform1f(at('u_relief'), Math.min(1, (atlas.typicalRadius * view.scale) / 30) / atlas.typicalRadius);
    gl.uniform1f(at('u_shade'), palette.theme === 'light' ? 0.022 : 0.05);
    gl.uniform1i(at('u_hovered'), marks.hovered);
    gl.uniform1i(at('u_sounding'), marks.sounding);
    this.colour(at('u_light'), palette.highlight);
    gl.uniform1f(at('u_lift'), 0.5);
    this.colour(at('u_sea'), palette.sea);
    this.colour(at('u_shallows'), palette.shallows);
    this.colour(at('u_coastInk'), palette.coast);
    gl.bindVertexArray(scene.cells);
    for (const { from, to } of tiles) {
      const first = scene.firstElement[from]!;
      const count = scene.firstElement[to]! - first;
      if (count > 0) gl.drawElements(gl.TRIANGLES, count, gl.UNSIGNED_INT, 4 * first);
    }
  }

  private useBorders(view: View, atlas: Atlas, scene: GpuScene): void {
    const { gl } = this;
    const { handle, at } = this.borderProgram;
    gl.useProgram(handle);
    this.setView(at, view);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, scene.sites);
    gl.uniform1i(at('u_sites'), 1);
    gl.uniform1f(at('u_coast'), atlas.coast);
    gl.uniform2f(at('u_size'), this.canvas.width, this.canvas.height);
  }

  /** width in CSS pixels; atSea: what is left of a border beyond the coast; cap: round ends. */
  private borderStyle(colour: Rgb, alpha: number, width: number, atSea: number, cap = 0): void {
    const { gl } = this;
    const { at } = this.borderProgram;
    gl.uniform4f(at('u_colour'), colour[0] / 255, colour[1] / 255, colour[2] / 255, alpha);
    gl.uniform1f(at('u_half'), (width * this.ratio) / 2);
    gl.uniform1f(at('u_atSea'), atSea);
    gl.uniform1f(at('u_cap'), cap);
  }

  private drawBorders(borders: Borders, tiles: Span[]): void {
    const { gl } = this;
    gl.bindVertexArray(borders.batch.array);
    for (const { from, to } of tiles) {
      const first = borders.first[from]!;
      const count = borders.first[to]! - first;
      if (count > 0) gl.drawElements(gl.TRIANGLES, 6 * count, gl.UNSIGNED_INT, 24 * first);
    }
  }

  private drawMarks(marks: Marks, atlas: Atlas, palette: Palette): void {
    const both = marks.sounding >= 0 && marks.sounding !== marks.hovered;
    if (both) this.drawRing(atlas, marks.sounding, palette.ringHalo, palette.ring, marks.pinned ? 3.4 : 2.4);
    const strong = marks.pinned && marks.hovered === marks.sounding;
    if (marks.hovered >= 0) this.drawRing(atlas, marks.hovered, palette.ringHalo, palette.ring, strong ? 3.4 : 2.2);
  }

  private drawRing(atlas: Atlas, cell: number, halo: Rgb, ink: Rgb, width: number): void {
    const { gl } = this;
    const polygon = markOutline(atlas, cell);
    const sides = polygon.length / 2;
    const lines = new BorderLines(sides);
    for (let i = 0, j = sides - 1; i < sides; j = i++) {
      lines.put(i, polygon[2 * j]!, polygon[2 * j + 1]!, polygon[2 * i]!, polygon[2 * i + 1]!, cell);
    }
    this.ring.fill(lines, gl.DYNAMIC_DRAW);
    gl.bindVertexArray(this.ring.array);
    this.borderStyle(halo, 1, width + 3, 1, 1);
    gl.drawElements(gl.TRIANGLES, 6 * sides, gl.UNSIGNED_INT, 0);
    this.borderStyle(ink, 1, width, 1, 1);
    gl.drawElements(gl.TRIANGLES, 6 * sides, gl.UNSIGNED_INT, 0);
  }

  private setView(at: Program['at'], view: View): void {
    const { gl } = this;
    gl.uniform2f(at('u_centre'), view.x, view.y);
    gl.uniform2f(at('u_scale'), (2 * view.scale) / view.width, (2 * view.scale) / view.height);
  }

  private colour(where: WebGLUniformLocation | null, rgb: Rgb): void {
    this.gl.uniform3f(where, rgb[0] / 255, rgb[1] / 255, rgb[2] / 255);
  }

  // ---- setting up ----

  private compile(vertex: string, fragment: string): Program {
    const { gl } = this;
    const handle = gl.createProgram();
    for (const [type, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const) {
      const shader = gl.createShader(type);
      if (!shader) throw new Error('the WebGL context is lost');
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(handle, shader);
      gl.deleteShader(shader);
    }
    gl.linkProgram(handle);
    if (!gl.getProgramParameter(handle, gl.LINK_STATUS)) {
      throw new Error(`a shader was refused: ${gl.getProgramInfoLog(handle) ?? 'no reason given'}`);
    }
    const places = new Map<string, WebGLUniformLocation | null>();
    const at = (name: string): WebGLUniformLocation | null => {
      let place = places.get(name);
      if (place === undefined) {
        place = gl.getUniformLocation(handle, name);
        places.set(name, place);
      }
      return place;
    };
    return { handle, at };
  }
}

/** Rasterisers without hardware do not always admit to a performance caveat; their names do. */
function isSoftware(gl: WebGL2RenderingContext): boolean {
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}
