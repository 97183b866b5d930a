// SPDX-License-Identifier: BSD-2-Clause
/** Chromium for the tests: Debian's without a window, which takes a quarter less than the whole one told to show
 * none, or the one MUSICMAP_CHROMIUM names. */
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--use-angle=swiftshader', '--enable-unsafe-swiftshader',
  '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export function launch() {
  return chromium.launch({
    executablePath: process.env.MUSICMAP_CHROMIUM ?? '/usr/bin/chromium-headless-shell',
    args: [...FLAGS, '--autoplay-policy=user-gesture-required'],
    headless: true,
  });
}

export const axeSource = require.resolve('axe-core/axe.min.js');
