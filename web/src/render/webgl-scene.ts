// SPDX-License-Identifier: BSD-2-Clause
/** A map's static buffers on the GPU, sorted by tile. Released as a whole. */
import { NO_CELL } from '../data/mmc1';
import type { Atlas } from '../map/atlas';

const TEXTURE_WIDTH = 1024;
const VERTEX_BYTES = 12; // f32 x, y; u32 cell
export const BORDER_BYTES = 20; // f32 ax, ay, bx, by; u32 left cell

/** Tile t has the instances first[t] .. first[t + 1] - 1. */
export interface Borders {
  readonly array: WebGLVertexArrayObject;
  readonly buffer: WebGLBuffer;
  readonly first: Uint32Array;
}

/** Points the bound vertex array at border instances from `first` on (WebGL has no base instance). */
export function pointBorders(gl: WebGL2RenderingContext, buffer: WebGLBuffer, first: number): void {
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.enableVertexAttribArray(0);
  gl.vertexAttribPointer(0, 4, gl.FLOAT, false, BORDER_BYTES, first * BORDER_BYTES);
  gl.vertexAttribDivisor(0, 1);
  gl.enableVertexAttribArray(1);
  gl.vertexAttribIPointer(1, 1, gl.UNSIGNED_INT, BORDER_BYTES, first * BORDER_BYTES + 16);
  gl.vertexAttribDivisor(1, 1);
}

export class GpuScene {
  readonly cells: WebGLVertexArrayObject;
  readonly firstElement: Uint32Array; // [tiles + 1] into the triangle elements
  readonly inner: Borders; // between cells of one country
  readonly country: Borders; // between countries
  readonly colours: WebGLTexture;
  readonly sites: WebGLTexture;
  private readonly buffers: WebGLBuffer[] = [];
  private readonly rows: number;

  constructor(private readonly gl: WebGL2RenderingContext, private readonly atlas: Atlas) {
    this.rows = Math.max(1, Math.ceil(atlas.count / TEXTURE_WIDTH));
    [this.cells, this.firstElement] = this.uploadCells();
    [this.inner, this.country] = this.uploadBorders();
    this.colours = this.createTexture();
    this.sites = this.createTexture();
    const sites = new Float32Array(2 * TEXTURE_WIDTH * this.rows);
    sites.set(atlas.cells.xy);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RG32F, TEXTURE_WIDTH, this.rows, 0, gl.RG, gl.FLOAT, sites);
  }

  /** land: [count][4]. */
  setColours(land: Uint8Array): void {
    const { gl } = this;
    const texels = new Uint8Array(4 * TEXTURE_WIDTH * this.rows);
    texels.set(land);
    gl.bindTexture(gl.TEXTURE_2D, this.colours);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, TEXTURE_WIDTH, this.rows, 0, gl.RGBA, gl.UNSIGNED_BYTE, texels);
  }

  release(): void {
    const { gl } = this;
    for (const buffer of this.buffers) gl.deleteBuffer(buffer);
    for (const array of [this.cells, this.inner.array, this.country.array]) gl.deleteVertexArray(array);
    gl.deleteTexture(this.colours);
    gl.deleteTexture(this.sites);
  }

  private createTexture(): WebGLTexture {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    for (const which of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, which, gl.NEAREST);
    for (const which of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, which, gl.CLAMP_TO_EDGE);
    return texture;
  }

  private createBuffer(target: number, data: ArrayBufferView): WebGLBuffer {
    const { gl } = this;
    const buffer = gl.createBuffer();
    this.buffers.push(buffer);
    gl.bindBuffer(target, buffer);
    gl.bufferData(target, data, gl.STATIC_DRAW);
    return buffer;
  }

  private uploadCells(): [WebGLVertexArrayObject, Uint32Array] {
    const { gl, atlas } = this;
    const { start, index, corners } = atlas.cells;
    const apron = this.apronByCell();
    let quads = 0;
    for (const sides of apron.values()) quads += sides.length / 2;
    const vertices = new ArrayBuffer(VERTEX_BYTES * (index.length + 4 * quads));
    const floats = new Float32Array(vertices);
    const numbers = new Uint32Array(vertices);
    const elements = new Uint32Array(3 * index.length + 6 * quads); // more than needed: k - 2 triangles a cell
    const tiles = atlas.columns * atlas.rows;
    const first = new Uint32Array(tiles + 1);
    let vertex = 0;
    let element = 0;
    for (let tile = 0; tile < tiles; tile++) {
      for (const cell of atlas.cellsInTile(tile)) {
        const base = vertex;
        for (let i = start[cell]!; i < start[cell + 1]!; i++, vertex++) {
          floats[3 * vertex] = corners[2 * index[i]!]!;
          floats[3 * vertex + 1] = corners[2 * index[i]! + 1]!;
          numbers[3 * vertex + 2] = cell;
        }
        for (let i = base + 2; i < vertex; i++) {
          elements[element++] = base;
          elements[element++] = i - 1;
          elements[element++] = i;
        }
        const box = apron.get(cell) ?? [];
        for (let i = 0; i < box.length; i += 2) {
          for (const [corner, out] of [[box[i]!, false], [box[i + 1]!, false], [box[i]!, true], [box[i + 1]!, true]] as const) {
            const at = [corners[2 * corner]!, corners[2 * corner + 1]!];
            floats.set(out ? atlas.outward(at) : at, 3 * vertex);
            numbers[3 * vertex++ + 2] = cell;
          }
          const q = vertex - 4;
          elements.set([q, q + 1, q + 2, q + 2, q + 1, q + 3], element);
          element += 6;
        }
      }
      first[tile + 1] = element;
    }
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    this.createBuffer(gl.ARRAY_BUFFER, numbers);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, VERTEX_BYTES, 0);
    gl.enableVertexAttribArray(1);
    gl.vertexAttribIPointer(1, 1, gl.UNSIGNED_INT, VERTEX_BYTES, 8);
    this.createBuffer(gl.ELEMENT_ARRAY_BUFFER, elements.subarray(0, element));
    gl.bindVertexArray(null);
    return [array, first];
  }

  /** Cells at the box: their sides on it, as pairs of corners. Beyond lies open sea, drawn as quads. */
  private apronByCell(): Map<number, number[]> {
    const { edges } = this.atlas.cells;
    const sides = new Map<number, number[]>();
    for (let e = 0; e < edges.length; e += 4) {
      if (edges[e + 3] !== NO_CELL) continue;
      const list = sides.get(edges[e + 2]!);
      if (list) list.push(edges[e]!, edges[e + 1]!);
      else sides.set(edges[e + 2]!, [edges[e]!, edges[e + 1]!]);
    }
    return sides;
  }

  /** Borders sorted by the tile of the cell on their left; the box itself is no border. */
  private uploadBorders(): [Borders, Borders] {
    const { atlas } = this;
    const { edges, cluster, xy } = atlas.cells;
    const tiles = atlas.columns * atlas.rows;
    const tile = (left: number): number => atlas.tileOf(xy[2 * left]!, xy[2 * left + 1]!);
    const firsts = [new Uint32Array(tiles + 1), new Uint32Array(tiles + 1)] as const;
    const kind = (e: number): 0 | 1 => (cluster[edges[e + 2]!] === cluster[edges[e + 3]!] ? 0 : 1);
    for (let e = 0; e < edges.length; e += 4) {
      if (edges[e + 3] !== NO_CELL) firsts[kind(e)][tile(edges[e + 2]!) + 1]!++;
    }
    for (const first of firsts) for (let t = 0; t < tiles; t++) first[t + 1]! += first[t]!;
    const next = firsts.map((first) => first.slice(0, tiles)) as [Uint32Array, Uint32Array];
    const data = firsts.map((first) => new ArrayBuffer(BORDER_BYTES * first[tiles]!));
    const floats = data.map((d) => new Float32Array(d)) as [Float32Array, Float32Array];
    const numbers = data.map((d) => new Uint32Array(d)) as [Uint32Array, Uint32Array];
    for (let e = 0; e < edges.length; e += 4) {
      if (edges[e + 3] === NO_CELL) continue;
      const left = edges[e + 2]!;
      const at = 5 * next[kind(e)][tile(left)]!++;
      this.copyCorner(edges[e]!, floats[kind(e)], at);
      this.copyCorner(edges[e + 1]!, floats[kind(e)], at + 2);
      numbers[kind(e)][at + 4] = left;
    }
    return [this.borders(numbers[0], firsts[0]), this.borders(numbers[1], firsts[1])];
  }

  private copyCorner(corner: number, out: Float32Array, at: number): void {
    const { corners } = this.atlas.cells;
    out[at] = corners[2 * corner]!;
    out[at + 1] = corners[2 * corner + 1]!;
  }

  private borders(data: Uint32Array, first: Uint32Array): Borders {
    const { gl } = this;
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    const buffer = this.createBuffer(gl.ARRAY_BUFFER, data);
    pointBorders(gl, buffer, 0);
    gl.bindVertexArray(null);
    return { array, buffer, first };
  }
}
