#!/usr/bin/env python3
"""A page on which Mermaid draws each of the given files and writes down the texts that it drew.

usage: page.py MERMAID.js FILE... >page.html
"""
import json
import sys

sources = {name: open(name, encoding="utf-8").read() for name in sys.argv[2:]}
print(f"""<!doctype html><meta charset="utf-8"><script src="{sys.argv[1]}"></script><pre id="said"></pre><script>
const sources = {json.dumps(sources).replace("</", "<" + chr(92) + "/")};
mermaid.initialize({{startOnLoad: false}});
(async () => {{
  const said = [];
  let n = 0;
  for (const [name, source] of Object.entries(sources)) {{
    try {{
      const {{svg}} = await mermaid.render("d" + n++, source);
      const page = new DOMParser().parseFromString(svg, "image/svg+xml");
      const texts = [...page.querySelectorAll("text")].map((t) => t.textContent);
      said.push("OK " + name, ...texts.map((t) => "  " + t));
    }} catch (e) {{
      said.push("FAILED " + name + ": " + e.message);
    }}
  }}
  document.getElementById("said").textContent = said.join("\\n") + "\\nEND";
}})();
</script>""")
