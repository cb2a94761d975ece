/** The entry of an embedded panel: nothing around it. */

import { start } from './start.js';

start(null);
