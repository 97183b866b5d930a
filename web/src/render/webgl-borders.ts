// SPDX-License-Identifier: BSD-2-Clause
/**
 * Borders as quads that the vertex shader spreads to their width: four vertices each, all with both
 * ends of the line; which corner of the quad one is follows from its number. (Instances would need a
 * quarter of the memory, but software rasterisers draw them one by one.)
 */
const VERTEX_BYTES = 20; // f32 ax, ay, bx, by; u32 cell on the left
const LINE_WORDS = 20; // four vertices of five words

/** Lines being collected. */
export class BorderLines {
  readonly data: Uint32Array;
  private readonly floats: Float32Array;

  constructor(readonly count: number) {
    this.data = new Uint32Array(count * LINE_WORDS);
    this.floats = new Float32Array(this.data.buffer);
  }

  put(i: number, ax: number, ay: number, bx: number, by: number, cell: number): void {
    for (let at = LINE_WORDS * i; at < LINE_WORDS * (i + 1); at += 5) {
      this.floats[at] = ax;
      this.floats[at + 1] = ay;
      this.floats[at + 2] = bx;
      this.floats[at + 3] = by;
      this.data[at + 4] = cell;
    }
  }
}

/** Lines on the GPU: quad i has the elements 6 i .. 6 i + 5. */
export class BorderBatch {
  readonly array: WebGLVertexArrayObject;
  private readonly vertices: WebGLBuffer;
  private readonly elements: WebGLBuffer;
  private room = 0; // quads there are elements for

  constructor(private readonly gl: WebGL2RenderingContext) {
    this.array = gl.createVertexArray();
    this.vertices = gl.createBuffer();
    this.elements = gl.createBuffer();
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.vertices);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 4, gl.FLOAT, false, VERTEX_BYTES, 0);
    gl.enableVertexAttribArray(1);
    gl.vertexAttribIPointer(1, 1, gl.UNSIGNED_INT, VERTEX_BYTES, 16);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.elements);
    gl.bindVertexArray(null);
  }

  fill(lines: BorderLines, usage: GLenum): void {
    const { gl } = this;
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.vertices);
    gl.bufferData(gl.ARRAY_BUFFER, lines.data, usage);
    if (lines.count > this.room) {
      const elements = new Uint32Array(6 * lines.count);
      for (let i = 0; i < lines.count; i++) {
        const v = 4 * i;
        elements.set([v, v + 1, v + 2, v + 2, v + 1, v + 3], 6 * i);
      }
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, elements, gl.STATIC_DRAW);
      this.room = lines.count;
    }
    gl.bindVertexArray(null);
  }

  release(): void {
    this.gl.deleteVertexArray(this.array);
    this.gl.deleteBuffer(this.vertices);
    this.gl.deleteBuffer(this.elements);
  }
}
