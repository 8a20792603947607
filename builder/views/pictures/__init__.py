"""Pictures of a map, drawn at build time: one file each, what they share in `svg.py`.

A picture is HTML with inline SVG in it. Titles are HTML, so that they wrap, hyphenate and grow with the reader's font;
marks are SVG. Nothing has a color or a font of its own: a theme's CSS gives them by the classes that `themes/README.md`
lists. The same plan gives the same picture, to the byte. Status is told by class (and so by shape as well as by color)
and in the title of each mark; every mark with a page links to it. Marks are no stops of the Tab key: a list on the same
page leads to the same pages.
"""
