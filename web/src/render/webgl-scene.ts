// SPDX-License-Identifier: BSD-2-Clause
/** A map's static buffers on the GPU, sorted by tile. Released as a whole. */
import type { Atlas } from '../map/atlas';
import { BorderBatch, BorderLines } from './webgl-borders';

const TEXTURE_WIDTH = 1024;
const VERTEX_BYTES = 12; // f32 x, y; u32 cell

/** Tile t has the lines first[t] .. first[t + 1] - 1. */
export interface Borders {
  readonly batch: BorderBatch;
  readonly first: Uint32Array;
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
  setColours(land: Uint8ClampedArray): void {
    const { gl } = this;
    const texels = new Uint8Array(4 * TEXTURE_WIDTH * this.rows);
    texels.set(land);
    gl.bindTexture(gl.TEXTURE_2D, this.colours);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, TEXTURE_WIDTH, this.rows, 0, gl.RGBA, gl.UNSIGNED_BYTE, texels);
  }

  release(): void {
    const { gl } = this;
    for (const buffer of this.buffers) gl.deleteBuffer(buffer);
    gl.deleteVertexArray(this.cells);
    this.inner.batch.release();
    this.country.batch.release();
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
    let quads = 0;
    for (const cell of atlas.apron.cells) quads += atlas.apron.sides(cell).length / 2;
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
        const box = atlas.apron.sides(cell);
        for (let i = 0; i < box.length; i += 2) {
          for (const corner of [box[i]!, box[i + 1]!]) {
            this.copyCorner(corner, floats, 3 * vertex);
            numbers[3 * vertex++ + 2] = cell;
            floats.set(atlas.apron.outward(corner), 3 * vertex);
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

  /** Borders sorted by the tile of the cell on their left; the box itself is no border. */
  private uploadBorders(): [Borders, Borders] {
    const { atlas } = this;
    const { cluster, xy } = atlas.cells;
    const tiles = atlas.columns * atlas.rows;
    const tile = (left: number): number => atlas.tileOf(xy[2 * left]!, xy[2 * left + 1]!);
    const kind = (left: number, right: number): 0 | 1 => (cluster[left] === cluster[right] ? 0 : 1);
    const firsts = [new Uint32Array(tiles + 1), new Uint32Array(tiles + 1)] as const;
    atlas.eachBorder((_ax, _ay, _bx, _by, left, right) => firsts[kind(left, right)][tile(left) + 1]!++);
    for (const first of firsts) for (let t = 0; t < tiles; t++) first[t + 1]! += first[t]!;
    const next = firsts.map((first) => first.slice(0, tiles)) as [Uint32Array, Uint32Array];
    const lines = firsts.map((first) => new BorderLines(first[tiles]!)) as [BorderLines, BorderLines];
    atlas.eachBorder((ax, ay, bx, by, left, right) => {
      const k = kind(left, right);
      lines[k].put(next[k][tile(left)]!++, ax, ay, bx, by, left);
    });
    return [this.borders(lines[0], firsts[0]), this.borders(lines[1], firsts[1])];
  }

  private copyCorner(corner: number, out: Float32Array, at: number): void {
    const { corners } = this.atlas.cells;
    out[at] = corners[2 * corner]!;
    out[at + 1] = corners[2 * corner + 1]!;
  }

  private borders(lines: BorderLines, first: Uint32Array): Borders {
    const batch = new BorderBatch(this.gl);
    batch.fill(lines, this.gl.STATIC_DRAW);
    return { batch, first };
  }
}
