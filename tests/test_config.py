"""site.yaml and the environment become one configuration."""

import pytest

from builder.config import SiteConfig, load_config
from builder.diagnostics import Severity


def load(text: str = "title: T", **environment: str) -> SiteConfig:
    """Load a configuration that has no faults."""
    config, faults = load_config(text.encode(), environment)
    assert faults == []
    assert config is not None
    return config


def test_defaults() -> None:
    """Everything but the title has a default."""
    config = load()
    assert (config.base_url, config.language, config.theme) == ("http://localhost:8000/", "en", "default")
    assert (config.planned.articles, config.planned.pillars) == ("row", "page")
    assert (config.markdown.engine, config.markdown.raw_html, config.search) == ("markdown", False, "index")


@pytest.mark.parametrize(
    ("written", "url", "path"),
    [
        ("https://example.com", "https://example.com/", ""),
        ("https://example.com/", "https://example.com/", ""),
        ("https://example.com/a/b", "https://example.com/a/b/", "/a/b"),
        ("http://localhost:8000/x/", "http://localhost:8000/x/", "/x"),
    ],
)
def test_base_url(written: str, url: str, path: str) -> None:
    """A base URL may have a path and need not end in a slash."""
    config = load(f"title: T\nbase_url: {written}")
    assert (config.base_url, config.urls.base_path) == (url, path)


def test_environment() -> None:
    """TOPICSITE_… overrides site.yaml, `__` goes inside."""
    config = load(
        "title: T\nmarkdown: {raw_html: true}\ntheme_options: {accent: '#123456'}",
        TOPICSITE_TITLE="no",
        TOPICSITE_BASE_URL="https://example.org/x",
        TOPICSITE_MARKDOWN__ENGINE="commonmark",
        TOPICSITE_FEEDS="false",
        TOPICSITE_NAV="[{title: A, url: /a/}]",
        HOME="/root",
    )
    assert (config.title, config.base_url, config.feeds) == ("no", "https://example.org/x/", False)
    assert (config.markdown.engine, config.markdown.raw_html) == ("commonmark", True)
    assert config.nav is not None
    assert config.nav[0].url == "/a/"
    assert config.theme_options == {"accent": "#123456"}


def test_environment_with_a_colon() -> None:
    """A value that is no YAML is the text that it is."""
    assert load(TOPICSITE_TITLE="Tea: a map").title == "Tea: a map"


def test_environment_is_named_in_errors() -> None:
    """A wrong value is reported with the variable that it comes from."""
    _, faults = load_config(b"title: T", {"TOPICSITE_LANGUAGE": "English"})
    assert [fault.file for fault in faults] == ["TOPICSITE_LANGUAGE"]
    _, faults = load_config(b"title: T", {"TOPICSITE_TITLE__X": "Tea"})
    assert [fault.file for fault in faults] == ["TOPICSITE_TITLE__X"]
    _, faults = load_config(b"theme: default", {"TOPICSITE_LANGUAGE": "en"})
    assert [(fault.file, fault.keys) for fault in faults] == [("site.yaml", ("title",))]


def test_a_part_of_a_key_from_the_environment() -> None:
    """Of a key that is set in part, only that part is the variable's fault."""
    site = b"title: T\nmarkdown: {engin: commonmark}\nauthors: {a: {nam: A}}"
    _, faults = load_config(site, {"TOPICSITE_MARKDOWN__RAW_HTML": "maybe", "TOPICSITE_AUTHORS__B__URL": "https://a.b"})
    assert sorted((fault.file, fault.code) for fault in faults) == [
        ("TOPICSITE_AUTHORS__B__URL", "missing-key"),
        ("TOPICSITE_MARKDOWN__RAW_HTML", "type"),
        ("site.yaml", "missing-key"),
        ("site.yaml", "unknown-key"),
        ("site.yaml", "unknown-key"),
    ]


@pytest.mark.parametrize(
    ("name", "code", "near"),
    [
        ("TOPICSITE_BASEURL", "unknown-key", "TOPICSITE_BASE_URL"),
        ("TOPICSITE_MARKDOWN_ENGINE", "unknown-key", "TOPICSITE_MARKDOWN__ENGINE"),
        ("TOPICSITE_LANG", "unknown-variable", "TOPICSITE_LANGUAGE"),
        ("TOPICSITE_TOKEN", "unknown-variable", ""),
        ("TOPICSITE_", "unknown-variable", ""),
    ],
)
def test_variables_that_set_nothing(name: str, code: str, near: str) -> None:
    """A name almost that of a key is an error, any other a note; its value, which may be a secret, is not shown."""
    (fault,) = load_config(b"title: T", {name: "hunter2", "HOME": "/root"})[1]
    assert (fault.file, fault.code) == (name, code)
    assert fault.hint == (f"did you mean '{near}'?" if near else "")
    assert "hunter2" not in str(fault)


@pytest.mark.parametrize("tag", ["en", "de-AT", "zh-Hant", "zh-Hant-TW", "es-419", "sr-Latn-RS", "yue"])
def test_languages(tag: str) -> None:
    """Language tags as BCP 47 has them."""
    assert load(f"title: T\nlanguage: {tag}").language == tag


@pytest.mark.parametrize("tag", ["English", "e", "en_US", "en-", "-en", "en-U", "日本"])
def test_no_languages(tag: str) -> None:
    """And what is none."""
    assert load_config(f"title: T\nlanguage: {tag}".encode(), {})[1]


@pytest.mark.parametrize(
    ("word", "severity"), [("off", "off"), ("no", "off"), ("false", "off"), ("Error", "error"), ("note", "note")]
)
def test_severities(word: str, severity: str) -> None:
    """A check has one of four severities; YAML's `no` is its `off`."""
    assert load(f"title: T\nchecks: {{figure: {word}}}").severities == {"figure": Severity(severity)}


@pytest.mark.parametrize("pattern", ["/a/{slug}/", "/{slug}/", "/{map}/{cluster}/{slug}/"])
def test_permalinks(pattern: str) -> None:
    """A permalink may use its kind's fields in any order."""
    config = load(f'title: T\npermalinks: {{article: "{pattern}"}}')
    assert config.urls.path("article", map="m", cluster="c", slug="s") == pattern.format(map="m", cluster="c", slug="s")


@pytest.mark.parametrize(
    "pattern",
    [
        "{slug}",
        "/{slug}",
        "{slug}/",
        "/{slug}/../",
        "/x y/{slug}/",
        "/{slug}?/",
        "//{slug}/",
        "/{slug}/./",
        "/{slug!r}/",
        "/{}/",
        "/{",
    ],
)
def test_no_permalinks(pattern: str) -> None:
    """What would make no path of the site is refused."""
    config, faults = load_config(f'title: T\npermalinks: {{article: "{pattern}"}}'.encode(), {})
    assert [fault.keys[0] for fault in faults] == ["permalinks"]
    assert config is not None
    assert config.urls.path("article", map="m", cluster="c", slug="s") == "/m/c/s/"
