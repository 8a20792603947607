"""All interfaces → the atlas: what is where, what is published, who names what; and the slice of it for a map.

Global and small: it holds titles, URLs and names, never a text. It is made anew for each build from all interfaces; a
map is handed its slice alone, so a change elsewhere that its slice does not show cannot change it.
"""

from builder.atlas.assemble import assemble
from builder.atlas.resolve import Resolver, meant
from builder.atlas.slices import slice_for
from builder.atlas.values import Atlas, EntityEntry, MapSlice, Target, Unknown, map_key, page_key

__all__ = [
    "Atlas",
    "EntityEntry",
    "MapSlice",
    "Resolver",
    "Target",
    "Unknown",
    "assemble",
    "map_key",
    "meant",
    "page_key",
    "slice_for",
]
