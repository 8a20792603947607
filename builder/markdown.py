"""Markdown → safe HTML, by one of two engines.

`markdown` is Python-Markdown with the extensions that authors expect; `commonmark` is comrak, a CommonMark and GFM
parser in Rust: about fifty times as fast, chosen over pyromark because it escapes raw HTML and drops unsafe links by
itself (pyromark takes half of comrak's 0.05 ms a body and leaves both to us). What differs for authors is in
docs/markdown.md.

Whatever the engine, what leaves this module has no script, no event handler, no `style`, and no link with a scheme
other than http, https, mailto and tel. `body.py` makes the `Body` that later stages use of it.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from builder.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    import markdown as python_markdown

    from builder.config import MarkdownKeys
    from builder.effort import Effort

_EXTENSIONS = ("tables", "fenced_code", "footnotes", "attr_list", "admonition", "def_list", "abbr", "sane_lists")
_SCHEMES = {"http", "https", "mailto", "tel"}
#: An address of any other scheme, as comrak writes it.
_OTHER_SCHEME = re.compile(r'\s(?:href|src)="(?!(?:https?|mailto|tel):)[a-zA-Z][a-zA-Z0-9+.-]*:[^"]*"', re.IGNORECASE)
#: What every one of them has, looked for much faster.
_SCHEME_VALUE = re.compile(r'="(?!(?:https?|mailto|tel):)[a-zA-Z][a-zA-Z0-9+.-]*:', re.IGNORECASE)
#: HTML that text may consist of; what runs code or styles the page by hand is left out.
_TAGS = {
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "input",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "picture",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "section",
    "small",
    "source",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "u",
    "ul",
    "var",
    "wbr",
}
_EMBEDS = {"audio", "iframe", "track", "video"}
_ATTRIBUTES = {
    "*": {"class", "id", "title", "lang", "dir", "role", "aria-label", "aria-hidden"},
    "a": {"href", "hreflang", "rel"},
    "abbr": {"title"},
    "blockquote": {"cite"},
    "col": {"span"},
    "colgroup": {"span"},
    "del": {"cite", "datetime"},
    "details": {"open"},
    "img": {"src", "srcset", "sizes", "alt", "width", "height", "loading"},
    "input": {"checked", "disabled"},
    "ins": {"cite", "datetime"},
    "li": {"value"},
    "ol": {"start", "type", "reversed"},
    "q": {"cite"},
    "source": {"src", "srcset", "sizes", "media", "type", "width", "height"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align", "scope"},
    "time": {"datetime"},
    "audio": {"src", "controls", "loop", "preload"},
    "iframe": {"src", "width", "height", "allowfullscreen", "loading", "name"},
    "track": {"src", "kind", "srclang", "label", "default"},
    "video": {"src", "controls", "loop", "muted", "poster", "preload", "width", "height"},
}


@dataclass(frozen=True, slots=True)
class MarkdownOptions:
    """How Markdown is read: part of the key of every body that the cache keeps."""

    engine: str = "markdown"
    raw_html: bool = False
    extensions: str = ""  # the further extensions and their options, as `repr` of a sorted list: hashable and picklable
    versions: str = field(default="", compare=True)  # of the libraries that make the HTML

    @classmethod
    def of(cls, keys: MarkdownKeys) -> MarkdownOptions:
        """Make the options of `site.yaml`'s `markdown`."""
        extensions = repr(sorted(keys.extensions.items(), key=str)) if keys.extensions else ""
        return cls(keys.engine, keys.raw_html, extensions, _versions(keys.engine))


@lru_cache(maxsize=4)
def _versions(engine: str) -> str:
    from importlib.metadata import version  # noqa: PLC0415 - costs 10 ms, and a build without changes needs none

    names = ("comrak", "nh3", "pygments") if engine == "commonmark" else ("markdown", "nh3", "pygments")
    return " ".join(f"{name} {version(name)}" for name in names)


def check_extensions(keys: MarkdownKeys) -> list[Diagnostic]:
    """Return a diagnostic where the extensions that site.yaml names cannot be loaded."""
    if not keys.extensions:
        return []
    if keys.engine != "markdown":
        message = "extensions belong to the engine `markdown`; commonmark has none"
        return [
            error("value", message, "site.yaml", "markdown", "extensions!", hint="delete them, or change the engine")
        ]
    faults = []
    for name, options in keys.extensions.items():
        if not isinstance(options, dict | None):
            faults.append(error("type", f"{name}: expected its options", "site.yaml", "markdown", "extensions", name))
            continue
        try:
            import markdown as python_markdown  # noqa: PLC0415 - 45 ms

            python_markdown.Markdown(extensions=[name], extension_configs={name: options or {}})
        except Exception as fault:  # noqa: BLE001 - any extension may raise anything
            message = f"the Markdown extension '{name}' cannot be loaded: {fault}"
            if isinstance(fault, KeyError):
                message = f"the Markdown extension '{name}' has no option {fault}"
            hint = "see the names of its options in its documentation" if isinstance(fault, KeyError) else ""
            if isinstance(fault, ImportError):
                hint = "install it beside topicsite, or mend its name"
            faults.append(error("value", message, "site.yaml", "markdown", "extensions", f"{name}!", hint=hint))
    return faults


#: Deeper than anybody quotes; comrak takes time by the square of the depth, and Python-Markdown cannot go much deeper.
_DEEP = 100
_DEEP_QUOTATION = re.compile(rf"^(?:[ \t]*>){{{_DEEP}}}", re.MULTILINE)


class Html(NamedTuple):
    """Safe HTML, and the addresses that had to be left out of it, as the author wrote them."""

    text: str
    refused: tuple[str, ...] = ()


def to_html(text: str, options: MarkdownOptions) -> Html:
    """Return the HTML of some Markdown: safe whoever wrote it, headings without ids unless the author gave them.

    Raises TooLaboriousError (see `effort.py`), and RecursionError for what is nested too deeply.
    """
    if text.count(">") >= _DEEP and (deep := _DEEP_QUOTATION.search(text)):
        raise RecursionError(deep[0])
    if options.engine == "commonmark":
        made = _comrak(text, raw_html=options.raw_html)
        if not options.raw_html:  # comrak has emptied the worst addresses by itself
            safe = _OTHER_SCHEME.sub("", made) if _SCHEME_VALUE.search(made) else made
            return Html(safe, _unsafe_in_markdown(text) if '=""' in made or len(safe) != len(made) else ())
    else:
        parser, effort = _parser(options.raw_html, options.extensions)
        effort.begin(text)
        made = parser.reset().convert(text)
    cleaned = _clean(made, embeds=options.raw_html)
    same = made.count('href="') == cleaned.count('href="') and made.count('src="') == cleaned.count('src="')
    return Html(cleaned, () if same and not options.raw_html else _unsafe_in_html(made))


_TAG = re.compile(r"""<[a-zA-Z](?:[^"'>]|"[^"]*"|'[^']*')*>""")
_ADDRESS = re.compile(r"""\s(?:href|src)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""", re.IGNORECASE)
_MARKDOWN_ADDRESS = re.compile(
    r"\]\(\s*<?((?:[^\s<>()]|\([^\s<>()]*\))+)|^ {0,3}\[[^\]\n]+\]:\s*<?([^\s<>]+)|<([a-zA-Z][\w+.-]*:[^\s<>]*)>",
    re.MULTILINE,
)


def _unsafe_in_html(made: str) -> tuple[str, ...]:
    addresses = [html.unescape(a or b or c) for tag in _TAG.findall(made) for a, b, c in _ADDRESS.findall(tag)]
    return tuple(dict.fromkeys(address for address in addresses if not _is_safe(address)))


def _unsafe_in_markdown(text: str) -> tuple[str, ...]:
    addresses = [a or b or c for a, b, c in _MARKDOWN_ADDRESS.findall(text)]
    return tuple(dict.fromkeys(address for address in addresses if not _is_safe(html.unescape(address))))


def _is_safe(address: str) -> bool:
    """Tell whether an address has no scheme or one that pages take; what browsers skip does not disguise it."""
    scheme = re.match(
        r"([a-zA-Z][a-zA-Z0-9+.-]*):", re.sub(r"[\x00-\x20\x7f-\xa0\xad\u200b-\u200f\ufeff]", "", address)
    )
    return scheme is None or scheme[1].lower() in _SCHEMES


@lru_cache(maxsize=4)
def _comrak_options(raw_html: bool) -> tuple[Any, Any, Any]:  # noqa: FBT001 - lru_cache wants it positional
    import comrak  # noqa: PLC0415 - only the engine in use is loaded

    extension = comrak.ExtensionOptions()
    for name in ("table", "strikethrough", "footnotes", "description_lists", "tasklist", "autolink", "alerts"):
        setattr(extension, name, True)
    extension.cjk_friendly_emphasis = True
    render = comrak.RenderOptions()
    render.unsafe_ = raw_html
    render.escape = not raw_html
    return extension, comrak.ParseOptions(), render


def _comrak(text: str, *, raw_html: bool) -> str:
    import comrak  # noqa: PLC0415 - only the engine in use is loaded

    made: str = comrak.render_markdown(text, *_comrak_options(raw_html))
    return made


@lru_cache(maxsize=4)
def _parser(raw_html: bool, extensions: str) -> tuple[python_markdown.Markdown, Effort]:  # noqa: FBT001
    import ast  # noqa: PLC0415

    import markdown as python_markdown  # noqa: PLC0415

    from builder.effort import Effort  # noqa: PLC0415
    from builder.signs import skip_hopeless  # noqa: PLC0415

    further: dict[str, Any] = dict(ast.literal_eval(extensions)) if extensions else {}
    configs: dict[str, Any] = {name: options or {} for name, options in further.items()}
    configs.setdefault("tables", {"use_align_attribute": True})
    for name in {"toc", "markdown.extensions.toc"}.intersection(configs):
        configs[name] = {"marker": "", **configs[name]}  # `[TOC]` is made of the outline, in `body.py`
    names = [*_EXTENSIONS, *(name for name in further if name not in _EXTENSIONS)]
    parser = python_markdown.Markdown(extensions=names, extension_configs=configs, output_format="html")
    if not raw_html:
        parser.preprocessors.deregister("html_block", strict=False)
        parser.inlinePatterns.deregister("html", strict=False)
    skip_hopeless(parser, extended=bool(further))
    return parser, Effort(parser, raw_html=raw_html)


@lru_cache(maxsize=2)
def _cleaner(embeds: bool) -> Any:  # noqa: FBT001
    import nh3  # noqa: PLC0415

    return nh3.Cleaner(
        tags=_TAGS | _EMBEDS if embeds else _TAGS,
        attributes=_ATTRIBUTES,
        tag_attribute_values={"input": {"type": {"checkbox"}}},  # those of task lists
        set_tag_attribute_values={"input": {"disabled": ""}},
        url_schemes=_SCHEMES,
        link_rel=None,
        strip_comments=True,
    )


def _clean(made: str, *, embeds: bool) -> str:
    cleaned: str = _cleaner(embeds).clean(made)
    return cleaned


def plain_html(text: str) -> str:
    """Return the HTML of plain text: one paragraph for each block of lines."""
    blocks = [" ".join(block.split()) for block in text.split("\n\n")]
    return "".join(f"<p>{html.escape(block, quote=False)}</p>" for block in blocks if block)
