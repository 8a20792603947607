"""Themes: the folders that one consists of, its templates, options, messages and assets, read once into a plain value.

Called by the pipeline (`load_theme`) and by `serve` (`Theme.folders`). What is wrong with a theme, or with the
`theme_options` of site.yaml, is a diagnostic. A theme holds all that rendering needs: `render.py` opens no file.
"""

from __future__ import annotations

import colorsys
import dataclasses
import posixpath
import re
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationInfo, field_validator

from builder.diagnostics import Diagnostic, did_you_mean, error
from builder.files import bundled_themes, digest, scan, source_of
from builder.load import parse, read, shorten
from builder.validation import validate
from builder.values import Model, Text, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from builder.config import SiteConfig
    from builder.files import Source

OPTION_TYPES = ("color", "text", "choice", "bool", "url", "path")
PLURALS = frozenset({"zero", "one", "two", "few", "many", "other"})
#: The language whose messages stand in for those that another language lacks.
FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that pages load: its name in the theme, the path that it is written to, and its bytes."""

    name: str
    path: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme, ready to render with; it pickles.

    `folders` are what it was read from, the first wins; `layers` the name of the theme that each of them belongs to and
    `templates` the sources that each holds, by name. `options` have their defaults filled in. `messages` are language →
    key → text; a plural form's key ends in its CLDR category (`articles.one`). `digest` changes with any of them.
    """

    name: str
    folders: tuple[str, ...]
    layers: tuple[str, ...]
    templates: tuple[Mapping[str, str], ...]
    options: Mapping[str, Any]
    assets: Mapping[str, Asset]
    messages: Mapping[str, Mapping[str, str]]
    digest: str


class OptionKeys(Model):
    """An option that a theme declares; a theme that extends another may give only what it changes."""

    type: Text | None = None
    """color, text, choice, bool, url or path."""
    default: Any = None
    """What holds where site.yaml says nothing."""
    description: Text | None = None
    """What it does."""
    choices: list[Text] = Field(default_factory=list)
    """What may be chosen, for the type choice."""

    @field_validator("type")
    @classmethod
    def _known(cls, value: str | None, _: ValidationInfo) -> str | None:
        if value is not None and value not in OPTION_TYPES:
            hint = did_you_mean(value, OPTION_TYPES, otherwise=f"one of {', '.join(OPTION_TYPES)}")
            raise wrong(f"there is no type of option '{shorten(value)}'", hint)
        return value


class ThemeKeys(Model):
    """`theme.yaml`."""

    title: Text | None = None
    """The name that people see."""
    description: Text | None = None
    """One sentence."""
    extends: Text | None = None
    """The theme that gives what this one does not have."""
    options: dict[str, OptionKeys] = Field(default_factory=dict)
    """What `theme_options` of site.yaml may set."""


@dataclass(frozen=True, slots=True)
class _Layer:
    """One folder of a theme; `label` is how messages call it (`themes/default`)."""

    theme: str
    folder: Path
    label: str
    keys: ThemeKeys


def load_theme(root: Path, config: SiteConfig) -> tuple[Theme | None, list[Diagnostic]]:
    """Return the theme that the site in `root` asks for, or None and what is wrong with it."""
    layers, faults = _layers(root, config.theme)
    if not layers or faults:
        return None, faults
    templates: list[dict[str, str]] = []
    messages: dict[str, dict[str, str]] = {}
    files: dict[str, tuple[_Layer, bytes]] = {}
    for layer in layers:
        found: dict[str, str] = {}
        for name, data in _files(layer, "templates", faults):
            try:
                found[name] = data.decode("utf-8-sig").replace("\r\n", "\n")
            except UnicodeDecodeError:
                faults.append(error("encoding", "the file is not UTF-8", f"{layer.label}/templates/{name}"))
        templates.append(found)
        for name, data in _files(layer, "messages", faults):
            language = name.removesuffix(".yaml")
            new = _messages(f"{layer.label}/messages/{name}", data, faults)
            messages[language] = {**new, **messages.get(language, {})}
        for name, data in _files(layer, "assets", faults):
            files.setdefault(name, (layer, data))
    options = _options(layers, config.theme_options, files, faults)
    assets = _Assets(files, options, faults).all()
    if faults:
        return None, faults
    names = tuple(layer.theme for layer in layers)
    parts = (
        names,
        [sorted(found.items()) for found in templates],
        sorted(options.items()),
        [(name, asset.path, digest(asset.data)) for name, asset in sorted(assets.items())],
        [(language, sorted(texts.items())) for language, texts in sorted(messages.items())],
    )
    folders = tuple(str(layer.folder) for layer in layers)
    key = digest(repr(parts).encode())
    return Theme(config.theme, folders, names, tuple(templates), options, assets, messages, key), []


def check_prompts(theme: Theme, config: SiteConfig) -> list[Diagnostic]:
    """Report a template of prompts that `site.yaml` names and the theme does not have."""
    wanted = config.prompts.template
    names = {name for found in theme.templates for name in found}
    if wanted in names or "template" not in config.prompts.model_fields_set:
        return []
    hint = did_you_mean(wanted, [name for name in names if not name.endswith(".html")])
    message = f"the theme '{theme.name}' has no template '{shorten(wanted)}'"
    return [error("theme", message, "site.yaml", "prompts", "template", hint=hint)]


def _layers(root: Path, name: str) -> tuple[list[_Layer], list[Diagnostic]]:
    """Return the folders of a theme, the one that wins first: each is the site's or a bundled one, and taken once."""
    layers: list[_Layer] = []
    used: list[Path] = []
    wanted, asker = name, error("unknown-theme", "", "site.yaml", "theme")
    while True:
        plain = re.fullmatch(r"\w[\w.-]*", wanted) is not None
        places = (
            dict.fromkeys(p.resolve() for p in (root / "themes" / wanted, bundled_themes() / wanted)) if plain else {}
        )
        folders = [place for place in places if place.is_dir()]
        folder = next((place for place in folders if place not in used), None)
        if folder is None:
            if not folders:
                message = f"there is no theme '{shorten(wanted)}'"
                hint = did_you_mean(wanted, _names(root), otherwise=f"there are: {', '.join(_names(root))}")
            elif asker.file.endswith(".yaml"):
                chain = " → ".join([*(layer.theme for layer in layers), wanted])
                message, hint = f"themes extend one another in a circle: {chain}", "delete one of the `extends`"
                asker = dataclasses.replace(asker, code="theme")
            else:
                message = f"the theme '{wanted}' has no theme.yaml, and no bundled theme has its name"
                hint = "write one (`title:` is enough; `extends: default` inherits everything)"
                asker = dataclasses.replace(asker, code="theme")
            return [], [dataclasses.replace(asker, message=message, hint=hint)]
        used.append(folder)
        label = f"themes/{wanted}"
        keys, faults = _theme_yaml(folder, label)
        layers.append(_Layer(wanted, folder, label, keys or ThemeKeys()))
        if faults:
            return [], faults
        if keys is None:
            asker = error("theme", "", label)
        elif keys.extends is None:
            return layers, []
        else:
            wanted, asker = keys.extends, error("unknown-theme", "", f"{label}/theme.yaml", "extends")


def _names(root: Path) -> list[str]:
    folders = [p for base in (root / "themes", bundled_themes()) if base.is_dir() for p in base.iterdir() if p.is_dir()]
    return sorted({folder.name for folder in folders if not folder.name.startswith((".", "_"))})


def _theme_yaml(folder: Path, label: str) -> tuple[ThemeKeys | None, list[Diagnostic]]:
    """Return the keys of a folder's theme.yaml, or None where it has none."""
    source = source_of(folder, "theme.yaml")
    if source is None:
        return None, []
    data, faults = read(source)
    name = f"{label}/theme.yaml"
    if data is not None:
        document, faults = parse(name, data, frozenset({"options"}))
        if document is not None:
            keys, wrongs = validate(ThemeKeys, document.data, name)
            return keys or ThemeKeys(), faults + wrongs
    return ThemeKeys(), [dataclasses.replace(fault, file=name) for fault in faults]


def _files(layer: _Layer, folder: str, faults: list[Diagnostic]) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of every file below a folder of a layer."""
    source: Source
    for source in scan(layer.folder, folder, trusted=True):
        data, wrongs = read(source)
        if data is not None:
            yield source.name.removeprefix(f"{folder}/"), data
        faults += [dataclasses.replace(fault, file=f"{layer.label}/{source.name}") for fault in wrongs]


def _messages(name: str, data: bytes, faults: list[Diagnostic]) -> dict[str, str]:
    """Return the messages of one catalogue, plural forms as keys of their own."""
    document, wrongs = parse(name, data)
    faults += wrongs
    texts: dict[str, str] = {}
    for key, value in (document.data if document else {}).items():
        if isinstance(value, dict) and "other" in value and PLURALS.issuperset(value):
            texts.update({f"{key}.{category}": str(text) for category, text in value.items()})
        elif isinstance(value, str):
            texts[key] = value
        else:
            message = f"{key}: expected text, or the plural forms of one with at least `other`"
            faults.append(error("theme", message, name, key, hint=f"CLDR's forms are {', '.join(sorted(PLURALS))}"))
    for key, text in texts.items():
        try:
            list(string.Formatter().parse(text))
        except ValueError as fault:
            faults.append(error("theme", f"{key}: {fault}", name, key, hint="a brace that is text is written twice"))
    return texts


def _options(
    layers: list[_Layer], given: Mapping[str, Any], files: Mapping[str, object], faults: list[Diagnostic]
) -> dict[str, Any]:
    """Return the value of every option that the theme declares: site.yaml's, else the default."""
    declared: dict[str, OptionKeys] = {}
    for layer in reversed(layers):
        for name, option in layer.keys.options.items():
            base = declared.get(name)
            merged = option if base is None else base.model_copy(update=option.model_dump(exclude_unset=True))
            value, message, hint = _option(merged, merged.default, files)
            if message:
                keys = ("options", name) if merged.type is None else ("options", name, "default")
                faults.append(error("theme", f"{name}: {message}", f"{layer.label}/theme.yaml", *keys, hint=hint))
            declared[name] = merged.model_copy(update={"default": value})
    values = {name: option.default for name, option in declared.items()}
    for name, value in given.items():
        if name not in declared:
            known = ", ".join(sorted(declared)) or "none"
            hint = did_you_mean(name, declared, otherwise=f"its options: {known}")
            message = f"the theme '{layers[0].theme}' has no option '{shorten(name)}'"
            faults.append(error("unknown-key", message, "site.yaml", "theme_options", f"{name}!", hint=hint))
            continue
        values[name], message, hint = _option(declared[name], value, files)
        if message:
            faults.append(error("value", f"{name}: {message}", "site.yaml", "theme_options", name, hint=hint))
    return values


def _option(option: OptionKeys, value: Any, files: Mapping[str, object]) -> tuple[Any, str, str]:  # noqa: ANN401
    """Return an option's value as templates see it, what is wrong with it or '', and a hint."""
    found = "nothing" if value is None else f"'{shorten(str(value))}'"
    wanted = "", ""
    match option.type:
        case None:
            wanted = "the option has no type", f"one of {', '.join(OPTION_TYPES)}"
        case "bool" if not isinstance(value, bool):
            wanted = f"expected true or false, found {found}", ""
        case "bool":
            return value, "", ""
        case "color" if not re.fullmatch(r"#([0-9a-fA-F]{3}){1,2}", str(value)):
            wanted = f"expected a color, found {found}", 'write it with quotes: "#2456c5"'
        case "color":
            red, green, blue = _channels(str(value))
            return f"#{red:02x}{green:02x}{blue:02x}", "", ""
        case "choice" if str(value) not in option.choices:
            hint = did_you_mean(str(value), option.choices, otherwise=f"one of {', '.join(option.choices)}")
            wanted = f"there is no choice {found}", hint
        case "text" | "url" | "path" if value is None or isinstance(value, bool | list | dict):
            wanted = f"expected text, found {found}", 'write "" for none'
        case "url" if value and not re.fullmatch(r"(https?:/)?/[^\s/\\]\S*|/", str(value)):
            wanted = f"expected a web address, found {found}", "it begins with https:// or with / for this site"
        case "path" if value and value not in files:
            wanted = f"the theme has no asset {found}", did_you_mean(str(value), files)
        case _:
            return str(value), "", ""
    return value, *wanted


#: What is looked for in CSS: comments, `url(…)` and `@import "…"`, strings, `option(…)`.
_CSS = re.compile(
    r"""(?P<comment>/\*.*?\*/)
    | url\(\s*(?P<quote>["']?)(?P<url>[^"')\s]+)(?P=quote)\s*\)
    | @import\s+(?P<mark>["'])(?P<import>[^"']+)(?P=mark)
    | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    | \boption\(\s*(?P<option>[\w-]+)\s*(?:,\s*(?P<ratio>[\d.]+)\s*,\s*(?P<ground>\#[0-9a-fA-F]{3,6})\s*)?\)""",
    re.DOTALL | re.VERBOSE,
)
_OPTION = re.compile(
    r"\boption\(\s*(?P<option>[\w-]+)\s*(?:,\s*(?P<ratio>[\d.]+)\s*,\s*(?P<ground>#[0-9a-fA-F]{3,6})\s*)?\)"
)
_ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|/|#|$")


class _Assets:
    """Names assets by their content, those first to which others refer."""

    def __init__(
        self, files: Mapping[str, tuple[_Layer, bytes]], options: Mapping[str, Any], faults: list[Diagnostic]
    ) -> None:
        self.files = files
        self.options = options
        self.faults = faults
        self.made: dict[str, Asset] = {}
        self.open: list[str] = []

    def all(self) -> dict[str, Asset]:
        """Return every asset by its name."""
        for name in sorted(self.files):
            self.asset(name)
        return dict(sorted(self.made.items()))

    def asset(self, name: str) -> Asset:
        if name in self.made:
            return self.made[name]
        data = self.files[name][1]
        kind = posixpath.splitext(name)[1]
        if kind in {".css", ".svg"}:
            self.open.append(name)
            text = data.decode("utf-8", "surrogateescape")
            pattern = _CSS if kind == ".css" else _OPTION
            text = pattern.sub(lambda found: self.replaced(name, text, found), text)
            if kind == ".css":
                text = re.sub(r"\s*\n\s*", "\n", text).strip() + "\n"
            data = text.encode("utf-8", "surrogateescape")
            self.open.pop()
        stem = name.removesuffix(kind)
        self.made[name] = Asset(name, f"/assets/{stem}.{digest(data)[:8]}{kind}", data)
        return self.made[name]

    def replaced(self, name: str, text: str, found: re.Match[str]) -> str:
        """Return what stands in the written file for something that `_CSS` found."""
        parts = found.groupdict()
        if parts.get("comment"):
            return found[0] if found[0].startswith("/*!") else ""
        if parts["option"]:
            return self.option(name, text, found)
        target = parts.get("url") or parts.get("import") or ""
        if not target or _ELSEWHERE.match(target):
            return found[0]
        path, tail = re.fullmatch(r"([^?#]*)(.*)", target, re.DOTALL).groups()  # type: ignore[union-attr] # it always fits
        wanted = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        if wanted not in self.files:
            self.fault(name, text, found, f"there is no asset '{shorten(wanted)}'", did_you_mean(wanted, self.files))
            return found[0]
        if wanted in self.open:
            self.fault(name, text, found, f"'{name}' and '{wanted}' refer to each other", "take one reference out")
            return found[0]
        folder = posixpath.dirname(f"/assets/{name}")
        made = posixpath.relpath(self.asset(wanted).path, folder) + tail
        return f'@import "{made}"' if parts.get("import") else f'url("{made}")'

    def option(self, name: str, text: str, found: re.Match[str]) -> str:
        """Return the value of an option; of a color with a ratio, the nearest shade of that contrast with a ground."""
        key = found["option"]
        if key not in self.options:
            hint = did_you_mean(key, self.options)
            self.fault(name, text, found, f"the theme has no option '{shorten(key)}'", hint)
            return found[0]
        value = str(self.options[key])
        if not found["ratio"] or not value.startswith("#"):
            return value
        return contrasting(value, float(found["ratio"]), found["ground"])

    def fault(self, name: str, text: str, found: re.Match[str], message: str, hint: str) -> None:
        line = text.count("\n", 0, found.start()) + 1
        column = found.start() - text.rfind("\n", 0, found.start())
        place = error("theme", message, f"{self.files[name][0].label}/assets/{name}", hint=hint)
        self.faults.append(dataclasses.replace(place, line=line, column=column))


def _channels(color: str) -> tuple[int, int, int]:
    digits = color.lstrip("#")
    if len(digits) == 3:  # noqa: PLR2004 - #abc is #aabbcc
        digits = "".join(2 * digit for digit in digits)
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colors, 1 to 21 (WCAG 2.2, "contrast ratio" and "relative luminance")."""

    def luminance(color: str) -> float:
        shares = [channel / 255 for channel in _channels(color)]
        linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]  # noqa: PLR2004
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def contrasting(color: str, ratio: float, ground: str) -> str:
    """Return the color, as much darker or lighter as makes its contrast with `ground` at least `ratio`; hue is kept."""
    end = 0 if contrast(ground, "#000") > contrast(ground, "#fff") else 1
    hue, lightness, saturation = colorsys.rgb_to_hls(*(channel / 255 for channel in _channels(color)))
    shade = color
    for step in range(101):
        mixed = colorsys.hls_to_rgb(hue, lightness + (end - lightness) * step / 100, saturation * (1 - step / 160))
        shade = "#{:02x}{:02x}{:02x}".format(*(round(channel * 255) for channel in mixed))
        if contrast(shade, ground) >= ratio:
            break
    return shade
