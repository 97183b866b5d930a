// SPDX-License-Identifier: BSD-2-Clause
/** Small parts of the WebGL renderer: programs, textures with one texel a song, rings. */

export const TEXTURE_WIDTH = 2048;

export function texelRows(count: number): number {
  return Math.max(1, Math.ceil(count / TEXTURE_WIDTH));
}

export interface Program {
  readonly handle: WebGLProgram;
  readonly at: (name: string) => WebGLUniformLocation | null;
}

export function compile(gl: WebGL2RenderingContext, vertex: string, fragment: string): Program {
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

export function createTexture(gl: WebGL2RenderingContext): WebGLTexture {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  for (const which of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, which, gl.NEAREST);
  for (const which of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, which, gl.CLAMP_TO_EDGE);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  return texture;
}

/** Rasterisers without hardware do not always admit to a performance caveat; their names do. */
export function isSoftware(gl: WebGL2RenderingContext): boolean {
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}

/** The sides of a polygon as quads, all four vertices with both ends of the side. */
export class Ring {
  private readonly array: WebGLVertexArrayObject;
  private readonly vertices: WebGLBuffer;
  private readonly elements: WebGLBuffer;

  constructor(private readonly gl: WebGL2RenderingContext) {
    this.array = gl.createVertexArray();
    this.vertices = gl.createBuffer();
    this.elements = gl.createBuffer();
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.vertices);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 4, gl.FLOAT, false, 16, 0);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.elements);
    gl.bindVertexArray(null);
  }

  /** Binds the ring of a polygon; how many elements to draw. */
  fill(polygon: readonly number[]): number {
    const { gl } = this;
    const sides = polygon.length / 2;
    const vertices = new Float32Array(16 * sides);
    const elements = new Uint32Array(6 * sides);
    for (let i = 0, j = sides - 1; i < sides; j = i++) {
      const ends = [polygon[2 * j]!, polygon[2 * j + 1]!, polygon[2 * i]!, polygon[2 * i + 1]!];
      for (let k = 0; k < 4; k++) vertices.set(ends, 16 * i + 4 * k);
      const v = 4 * i;
      elements.set([v, v + 1, v + 2, v + 2, v + 1, v + 3], 6 * i);
    }
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.vertices);
    gl.bufferData(gl.ARRAY_BUFFER, vertices, gl.DYNAMIC_DRAW);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, elements, gl.DYNAMIC_DRAW);
    return elements.length;
  }
}
