"""The preview: build, serve on loopback, watch, rebuild, and tell the browsers whose page changed.

`cli/serve.py` calls `serve` and nothing else here. Three parts that know little of one another:

    watching.py  saved files → sets of paths; threads of its own
    worker.py    a process that runs `pipeline.build`, one build at a time, and keeps its imports and its theme warm
    server.py    the event loop: HTTP as a CDN does it (http.py, output.py) and the browsers' sockets (channel.py)

`session.py` stands between them and decides what to build when and what to show; `tabs.py` knows which browser shows
something else. What they hand to one another are the plain values of `values.py`. A preview writes into
`.topicsite/preview/`; it never touches `output/`, and what it puts into pages (client.js) exists in its answers alone.
"""

from builder.serve.server import serve
from builder.serve.values import Settings, Unusable

__all__ = ["Settings", "Unusable", "serve"]
