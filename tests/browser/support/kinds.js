/** A dashboard with the kinds of panels that show more than lines, over metrics that tests push. */

const WORDS = `mappings = [
  { value = 0, text = "down", level = "critical" },
  { value = 1, text = "up", level = "ok" },
]`;
export const KINDS = `
title = "Shop"
embed = true
range = "1m"

[[panel]]
id = "words"
title = "Words"
kind = "text"
text = """
# Hello
<img src=x onerror=alert(1)> and [this](/d) or [that](javascript:alert(1))
"""

[[panel]]
id = "bars"
title = "Stock"
kind = "bars"
limit = 2
legend = "{{of}}"
description = "What lies in the shops"
links = [{ title = "All dashboards", url = "/d" }]
query = 'stock'

[[panel]]
id = "pie"
title = "Parts"
kind = "pie"
legend = "{{of}}"
query = 'parts'

[[panel]]
id = "timeline"
title = "States"
kind = "timeline"
legend = "{{door}}"
${WORDS}
query = 'door'

[[panel]]
id = "events"
title = "Happened"
kind = "events"
legend = "{{door}}"
${WORDS}
query = 'door'

[[panel]]
id = "calm"
title = "Calm"
kind = "events"
query = 'vector(1)'

[[panel]]
id = "stat"
title = "Door"
kind = "stat"
${WORDS}
query = 'door'

[[panel]]
id = "change"
title = "Sales"
kind = "stat"
change = true
better = "higher"
query = 'sales'

[[panel]]
id = "table"
title = "Shops"
kind = "table"
columns = ["of"]
thresholds = [{ value = 9, level = "warn", word = "too much" }]
[[panel.query]]
query = 'stock'
column = "Stock"
bar = true
[[panel.query]]
query = 'parts'
column = "Parts"

[[panel]]
id = "legend"
title = "Load"
legend = "{{of}}"
legend_as = "table"
stats = ["max", "mean"]
query = 'load'

[[panel]]
id = "empty"
title = "Fans"
kind = "bars"
no_data = "no fans here"
query = 'fans'
`;
