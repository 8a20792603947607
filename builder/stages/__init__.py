"""The stages of a build, each what the one before handed on and what it adds: a class that extends the one before.

    inputs.py       what a build depends on; whether anything changed
    definitions.py  sources → definitions → atlas → slices
    prose.py        who links to whom in prose
    pages.py        views → pages, map by map, then the site's own
    findings.py     checks, budgets, the link report, the diagnostics as they are shown

`pipeline.py` tells the story that calls them in order.
"""
