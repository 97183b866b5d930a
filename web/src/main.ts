// SPDX-License-Identifier: BSD-2-Clause
import { App } from './app';
import { installHook } from './hook';

const app = new App();
installHook(app);
app.start();
