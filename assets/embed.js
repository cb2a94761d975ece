/** The entry of an embedded chart: one panel, nothing around it. */

import { start } from './start.js';
import { create as line } from './views/line.js';

start(null, { line, stack: line });
