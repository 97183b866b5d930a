// SPDX-License-Identifier: BSD-2-Clause
/**
 * WebGL2 renderer: one triangle over the window, shaded pixel by pixel from textures with one texel a
 * song (place, colour, country) and the worker's picture of which song is near where. Recolouring
 * costs one upload, a frame costs the same with any number of songs.
 */
import type { Atlas } from '../map/atlas';
import type { View } from '../map/camera';
import { markOutline } from './coast';
import { Painter } from './painter';
import type { Palette, Rgb } from './palette';
import { inkOf, isStale, windowOf } from './picture';
import { OPEN_SEA, type Window } from './raster';
import type { Marks, Renderer } from './renderer';
import { MAP_FRAGMENT, MAP_VERTEX, RING_FRAGMENT, RING_VERTEX } from './shaders';
import { compile, createTexture, isSoftware, Ring, texelRows, TEXTURE_WIDTH, type Program } from './webgl-parts';

export class WebglRenderer implements Renderer {
  readonly kind = 'webgl2';
  readonly canvas = document.createElement('canvas');
  private readonly gl: WebGL2RenderingContext;
  private readonly map: Program;
  private readonly rings: Program;
  private readonly ring: Ring;
  private readonly nothing: WebGLVertexArrayObject;
  private readonly textures: Record<'ids' | 'sites' | 'colours' | 'clusters', WebGLTexture>;
  private readonly painter: Painter;
  private have: Window | undefined; // what the texture of ids shows
  private atlas: Atlas | undefined;
  private palette: Palette | undefined;
  private ratio = 1;
  private disposed = false;

  constructor(ready: () => void, lost: () => void, evenSlow: boolean) {
    const gl = this.canvas.getContext('webgl2', {
      alpha: false,
      antialias: false, // borders are feathered in the shader
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
    this.map = compile(gl, MAP_VERTEX, MAP_FRAGMENT);
    this.rings = compile(gl, RING_VERTEX, RING_FRAGMENT);
    this.ring = new Ring(gl);
    this.nothing = gl.createVertexArray();
    const texture = (): WebGLTexture => createTexture(gl);
    this.textures = { ids: texture(), sites: texture(), colours: texture(), clusters: texture() };
    this.painter = new Painter(ready);
    this.canvas.addEventListener('webglcontextlost', () => {
      if (!this.disposed) lost();
    });
  }

  setScene(atlas: Atlas, palette: Palette): void {
    const { gl, textures } = this;
    const rows = texelRows(atlas.count);
    if (atlas !== this.atlas) {
      this.have = undefined;
      this.painter.setSongs(atlas);
      const sites = new Float32Array(2 * TEXTURE_WIDTH * rows);
      sites.set(atlas.cells.xy);
      gl.bindTexture(gl.TEXTURE_2D, textures.sites);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RG32F, TEXTURE_WIDTH, rows, 0, gl.RG, gl.FLOAT, sites);
      const lands = new Uint16Array(2 * TEXTURE_WIDTH * rows); // country and region
      atlas.cells.cluster.forEach((cluster, cell) => {
        lands[2 * cell] = cluster;
        lands[2 * cell + 1] = atlas.regionOf[cluster]!;
      });
      gl.bindTexture(gl.TEXTURE_2D, textures.clusters);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RG16UI, TEXTURE_WIDTH, rows, 0, gl.RG_INTEGER, gl.UNSIGNED_SHORT, lands);
    }
    if (palette.land !== this.palette?.land) {
      const land = new Uint8Array(4 * TEXTURE_WIDTH * rows);
      land.set(palette.land);
      gl.bindTexture(gl.TEXTURE_2D, textures.colours);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, TEXTURE_WIDTH, rows, 0, gl.RGBA, gl.UNSIGNED_BYTE, land);
    }
    this.atlas = atlas;
    this.palette = palette;
  }

  resize(width: number, height: number, ratio: number): void {
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
  }

  get painted(): boolean {
    return this.have !== undefined;
  }

  draw(view: View, marks: Marks, moving: boolean): boolean {
    const { gl, atlas, palette, painter } = this;
    if (!atlas || !palette || gl.isContextLost()) return false;
    this.receive();
    // One texel a CSS pixel is enough on any screen: what is between them is worked out here.
    if (!painter.busy && (!this.have || isStale(this.have, view, 1, moving))) painter.request(windowOf(view, 1), undefined);
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(palette.sea[0] / 255, palette.sea[1] / 255, palette.sea[2] / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (this.have) {
      this.drawMap(view, marks, this.have, atlas, palette);
      this.drawMarks(view, marks, atlas, palette);
    }
    gl.bindVertexArray(null);
    return painter.busy;
  }

  dispose(): void {
    this.disposed = true;
    this.painter.dispose();
    this.gl.getExtension('WEBGL_lose_context')?.loseContext();
    this.canvas.remove();
  }

  private receive(): void {
    const work = this.painter.take();
    if (!work) return;
    const { gl } = this;
    const { width, height } = work.window;
    gl.bindTexture(gl.TEXTURE_2D, this.textures.ids);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32UI, width, height, 0, gl.RED_INTEGER, gl.UNSIGNED_INT, work.pixels);
    this.have = work.window;
  }

  private drawMap(view: View, marks: Marks, have: Window, atlas: Atlas, palette: Palette): void {
    const { gl, ratio } = this;
    const { handle, at } = this.map;
    const ink = inkOf(atlas, palette, view, ratio);
    gl.useProgram(handle);
    (['ids', 'sites', 'colours', 'clusters'] as const).forEach((name, unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, this.textures[name]);
      gl.uniform1i(at(`u_${name}`), unit);
    });
    gl.uniform2f(at('u_centre'), view.x, view.y);
    gl.uniform2f(at('u_size'), this.canvas.width, this.canvas.height);
    gl.uniform1f(at('u_scale'), view.scale * ratio);
    gl.uniform2f(at('u_idsCentre'), have.x, have.y);
    gl.uniform1f(at('u_idsScale'), have.scale);
    gl.uniform1f(at('u_coast'), atlas.coast * view.scale * ratio);
    gl.uniform1f(at('u_openSea'), OPEN_SEA);
    gl.uniform1f(at('u_pixel'), ratio);
    gl.uniform3f(at('u_widths'), ink.cellWidth, ink.countryWidth, ink.regionWidth);
    gl.uniform3fv(at('u_regionBorder'), unit(ink.regionBorder));
    gl.uniform1f(at('u_relief'), ink.relief);
    gl.uniform1f(at('u_reliefReach'), ink.reliefReach);
    gl.uniform1i(at('u_hovered'), marks.hovered);
    gl.uniform1i(at('u_sounding'), marks.sounding);
    const colours = { u_sea: ink.sea, u_shallows: ink.shallows, u_coastInk: ink.coast, u_light: palette.highlight };
    for (const [name, rgb] of Object.entries(colours)) gl.uniform3fv(at(name), unit(rgb));
    gl.uniform4fv(at('u_cellBorder'), [...unit(ink.cellBorder), ink.cellAlpha]);
    gl.uniform4fv(at('u_countryBorder'), [...unit(ink.countryBorder), ink.countryAlpha]);
    gl.bindVertexArray(this.nothing);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  private drawMarks(view: View, marks: Marks, atlas: Atlas, palette: Palette): void {
    const { gl } = this;
    const { handle, at } = this.rings;
    gl.useProgram(handle);
    gl.uniform2f(at('u_centre'), view.x, view.y);
    gl.uniform1f(at('u_scale'), view.scale * this.ratio);
    gl.uniform2f(at('u_size'), this.canvas.width, this.canvas.height);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    for (const cell of new Set([marks.sounding, marks.hovered])) {
      if (cell < 0) continue;
      const width = marks.pinned && cell === marks.sounding ? 3.4 : 2.2;
      const elements = this.ring.fill(markOutline(atlas, cell));
      for (const [colour, size] of [[palette.ringHalo, width + 3], [palette.ring, width]] as const) {
        gl.uniform3fv(at('u_colour'), unit(colour));
        gl.uniform1f(at('u_half'), (size * this.ratio) / 2);
        gl.drawElements(gl.TRIANGLES, elements, gl.UNSIGNED_INT, 0);
      }
    }
    gl.disable(gl.BLEND);
  }
}

function unit(rgb: Rgb): [number, number, number] {
  return [rgb[0] / 255, rgb[1] / 255, rgb[2] / 255];
}
