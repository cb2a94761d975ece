/** The entry of an embed: one panel, nothing around it. */

import { start } from './start.js';

start(null);
