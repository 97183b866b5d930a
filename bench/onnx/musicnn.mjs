// SPDX-License-Identifier: BSD-2-Clause
// MusiCNN by ONNX Runtime: the mean over a song's patches, for bench/models.
//
//     node musicnn.mjs MODEL.onnx OUT.npy PATCHES.npy...
//
// PATCHES: float32 [n][187][96], as "musicmap features --frontend-only" writes them.
import { readFileSync, writeFileSync } from 'node:fs';
import ort from 'onnxruntime-node';

function readNpy(path) {
  const bytes = readFileSync(path);
  const head = 10 + bytes.readUInt16LE(8);
  const text = bytes.toString('latin1', 10, head);
  if (!text.includes("'<f4'")) throw new Error(`${path} holds no 32-bit floats`);
  const shape = text.match(/'shape': \(([^)]*)\)/)[1].split(',').filter((s) => s.trim()).map(Number);
  return { shape, values: new Float32Array(bytes.buffer.slice(bytes.byteOffset + head, bytes.byteOffset + bytes.length)) };
}

function writeNpy(path, rows, columns, values) {
  let header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  header += ' '.repeat(63 - ((10 + header.length) % 64)) + '\n';
  const prefix = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  writeFileSync(path, Buffer.concat([prefix, Buffer.from(header, 'latin1'), Buffer.from(values.buffer)]));
}

const [model, out, ...files] = process.argv.slice(2);
const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1 });
let all;
for (const [i, file] of files.entries()) {
  const { shape, values } = readNpy(file);
  const result = await session.run({ [session.inputNames[0]]: new ort.Tensor('float32', values, shape) });
  const { data, dims } = result[session.outputNames[0]];
  const dim = dims[1];
  all ??= new Float32Array(files.length * dim);
  for (let w = 0; w < dims[0]; w++)
    for (let j = 0; j < dim; j++) all[i * dim + j] += data[w * dim + j] / dims[0];
}
writeNpy(out, files.length, all.length / files.length, all);
