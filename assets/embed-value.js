/** The entry of an embedded panel without a chart, which does without the chart library. */

import { start } from './start.js';
import { create as gauge } from './views/gauge.js';
import { create as stat } from './views/stat.js';
import { create as table } from './views/table.js';

start(null, { stat, gauge, table });
