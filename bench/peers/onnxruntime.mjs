// SPDX-License-Identifier: BSD-2-Clause
// A network in ONNX Runtime, all optimisations on.
//
//     node onnxruntime.mjs MODEL THREADS WINDOWS BATCH CHANNELS... (the shape of one input)
//
// For every line on stdin runs WINDOWS windows, BATCH at a time, and prints the seconds.
import readline from 'node:readline';
import ort from 'onnxruntime-node';

const [model, threads, windows, batch, ...shape] = process.argv.slice(2).map((a, i) => i ? +a : a);
const session = await ort.InferenceSession.create(model, {
  intraOpNumThreads: threads, interOpNumThreads: 1, graphOptimizationLevel: 'all',
  executionMode: 'sequential',
});
const size = shape.reduce((a, b) => a * b, 1);
const values = Float32Array.from({length: size * batch}, () => Math.random() * 4 - 2);
const feeds = {[session.inputNames[0]]: new ort.Tensor('float32', values, [batch, ...shape])};
await session.run(feeds);
for await (const _ of readline.createInterface({input: process.stdin})) {
  const begin = performance.now();
  for (let done = 0; done < windows; done += batch) await session.run(feeds);
  console.log((performance.now() - begin) / 1000);
}
