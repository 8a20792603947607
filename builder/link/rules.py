"""The rules by which links are made: every link of a built page has one of these. docs/links.md is compared with it.

A rule's group says what the link is worth to the graph: links in prose are counted apart from everything else, and only
prose and structure keep a page from being an orphan (see `graph.py`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Group(StrEnum):
    """What kind of link a rule makes."""

    PROSE = "prose"
    """Contextual: inside a sentence that a person wrote."""
    STRUCTURE = "structure"
    """Between two pages that belong together, whatever the prose says."""
    LIST = "list"
    """From a page that lists what there is."""
    NAVIGATION = "navigation"
    """The same on many pages, or following from a page's place alone."""


#: Each rule with its group and one line of what it links.
RULES: Final[dict[str, tuple[Group, str]]] = {
    "phrase": (Group.PROSE, "Words of a text that are a phrase of another page: its title, query, alias or name."),
    "author": (Group.PROSE, "A link that an author wrote: `[[…]]`, a path, a link to a `.md` file."),
    "pillar": (Group.STRUCTURE, "An article to the pillar of its cluster."),
    "spoke": (Group.STRUCTURE, "A pillar to every article of its cluster."),
    "sibling": (Group.STRUCTURE, "An article to the most related articles of its cluster."),
    "related": (Group.STRUCTURE, "An article to the most related articles of other clusters."),
    "pillars": (Group.STRUCTURE, "A pillar to the other pillars of its map."),
    "entity": (Group.STRUCTURE, "A page to an entity that it covers, inside the sentence that defines it."),
    "faq": (Group.STRUCTURE, "A question to the page that answers it at length."),
    "gap": (Group.STRUCTURE, "A gap to the page that closes it."),
    "list": (Group.LIST, "A map's page or a cluster's index to its articles, the list of entities to each entity."),
    "coverage": (Group.LIST, "An entity to every page that covers it, with the sentence in which it does."),
    "map": (Group.LIST, "The home page or a category to its maps."),
    "category": (Group.LIST, "The home page to the categories, a map to its own."),
    "cluster": (Group.LIST, "A map, a plan, an article or another cluster to the index of a cluster."),
    "stop": (Group.NAVIGATION, "A text to the other pages of its cluster, in the rail beside it."),
    "sections": (Group.NAVIGATION, "Every page of a map to the map's questions, entities, ideas and plan."),
    "section": (Group.LIST, "A map to its questions, entities, ideas and plan."),
    "question": (Group.LIST, "A question, wherever it is shown, to its place among the questions of its map."),
    "plan": (Group.LIST, "A step of the publishing order to its article."),
    "brief": (Group.LIST, "The plan of an unwritten article to the pages that it will link to."),
    "byline": (Group.LIST, "A text to the page of its author."),
    "written": (Group.LIST, "An author to what the author has published."),
    "previous": (Group.NAVIGATION, "An article to the one before it in reading order."),
    "next": (Group.NAVIGATION, "An article to the one after it in reading order."),
    "translation": (Group.NAVIGATION, "A page to itself in the other languages of its map."),
    "breadcrumb": (Group.NAVIGATION, "A page to the pages above it."),
    "nav": (Group.NAVIGATION, "Every page to the entries of the site's navigation and to the home page."),
}

PROSE: Final = frozenset(rule for rule, (group, _) in RULES.items() if group is Group.PROSE)
#: Links of these rules keep a page from being an orphan.
LEADING: Final = frozenset(rule for rule, (group, _) in RULES.items() if group in {Group.PROSE, Group.STRUCTURE})
#: Links of these rules stand outside the main part of a page.
AROUND: Final = frozenset({"nav", "breadcrumb", "translation"})
