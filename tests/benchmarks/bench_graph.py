"""The link graph of 25,000 pages and 750,000 links, scores and all, in less than 2 s of one core.

`python -m tests.benchmarks.bench_graph`
"""

import random
import time

from builder.link.edges import edges_of
from builder.link.graph import link_graph
from builder.link.types import Link
from builder.records import PageRecord

PAGES = 25_000
LINKS = 750_000
SECONDS = 2.0
MAP = 500


def site(pages: int, links: int) -> tuple[list[PageRecord], list[list[Link]]]:
    """Return a site whose pages link mostly to near ones and sometimes to strong ones, as clusters do; links by map."""
    source = random.Random(4)
    paths = ["/", *(f"/map-{n // MAP}/cluster-{n // 25}/page-{n}/" for n in range(1, pages))]
    records = [
        PageRecord(path, "article" if n else "home", path, "", indexed=True, updated=None)
        for n, path in enumerate(paths)
    ]
    rules = ("phrase", "spoke", "sibling", "list", "breadcrumb")
    made: list[list[Link]] = [[] for _ in range(0, pages, MAP)]
    for _ in range(links):
        n = source.randrange(pages)
        near = (n + source.randrange(1, 40)) % pages
        target = near if source.random() < 0.8 else source.randrange(pages) // 25 * 25
        link = Link(paths[n], paths[target], f"anchor {target % 7}", source.choice(rules), "reason", "sentence")
        made[n // MAP].append(link)
    return records, made


def main() -> None:
    """Measure and report; fail where it takes too long."""
    records, maps = site(PAGES, LINKS)
    start = time.process_time()
    edges = [edges_of(links) for links in maps]
    counted = time.process_time()
    graph = link_graph(records, edges, [("/", "Home"), (records[1].path, "First")], "/")
    end = time.process_time()
    print(
        f"link graph: {len(graph.pages):,} pages, {LINKS:,} links: {end - start:.2f} s (at most {SECONDS} s),"
        f" {counted - start:.2f} s of it with the maps, in their processes; {end - counted:.2f} s for the site"
    )
    assert end - start < SECONDS, "the link graph is too slow"


if __name__ == "__main__":
    main()
