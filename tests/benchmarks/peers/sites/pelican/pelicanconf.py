"""The corpus as a Pelican site: a map is a category, a cluster a series, an entity a tag."""

SITENAME = "Corpus"
SITEURL = "https://corpus.example"
PATH = "content"
OUTPUT_PATH = "public"
TIMEZONE = "UTC"
DEFAULT_LANG = "en"
DEFAULT_DATE_FORMAT = "%B %d, %Y"
THEME = "theme"
THEME_STATIC_DIR = "theme"
MARKDOWN = {
    "extension_configs": {
        "markdown.extensions.extra": {},
        "markdown.extensions.meta": {},
        "markdown.extensions.toc": {},
    },
    "output_format": "html5",
}
ARTICLE_URL = "{address}"
ARTICLE_SAVE_AS = "{address}index.html"
CATEGORY_URL = "{slug}/"
CATEGORY_SAVE_AS = "{slug}/index.html"
TAG_URL = "entities/{slug}/"
TAG_SAVE_AS = "entities/{slug}/index.html"
TAGS_SAVE_AS = "entities/index.html"
AUTHOR_SAVE_AS = ""
DIRECT_TEMPLATES = ["index", "tags"]
DEFAULT_PAGINATION = False
OUTPUT_SOURCES = True  # the Markdown beside every page
OUTPUT_SOURCES_EXTENSION = ".md"
FEED_DOMAIN = SITEURL
FEED_ALL_ATOM = CATEGORY_FEED_ATOM = None
FEED_ALL_RSS = "feed.xml"  # with summaries, as our feeds; its Atom feeds hold whole texts
CATEGORY_FEED_RSS = "{slug}/feed.xml"
TRANSLATION_FEED_ATOM = None
FEED_MAX_ITEMS = 50
PLUGINS = ["neighbors", "related_posts", "series", "sitemap"]
RELATED_POSTS_MAX = 3
SITEMAP = {"format": "xml"}
