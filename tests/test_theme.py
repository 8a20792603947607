"""Themes are found, inherit, check their options and name their assets; the default theme is complete."""

import ast
import gzip
import pickle
import re
import string
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

import builder.views.types as views
from builder.config import SiteConfig
from builder.diagnostics import Diagnostic
from builder.files import bundled_themes
from builder.theme import PLURALS, Theme, contrast, contrasting, load_theme

REPOSITORY = Path(__file__).parents[1]
DEFAULT = REPOSITORY / "themes" / "default"
LANGUAGES = ("en", "de", "es", "fr", "ja", "ar")


def site(root: Path, files: dict[str, str]) -> Path:
    """Write the files of a site and return its folder."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def load(root: Path, theme: str = "default", **options: object) -> Theme:
    """Load a theme that has nothing wrong with it."""
    found, faults = load_theme(root, SiteConfig(title="Site", theme=theme, theme_options=options))
    assert faults == []
    assert found is not None
    return found


def faults(root: Path, theme: str = "default", **options: object) -> list[Diagnostic]:
    """Load a theme that cannot be used, and return why."""
    found, wrongs = load_theme(root, SiteConfig(title="Site", theme=theme, theme_options=options))
    assert found is None
    return wrongs


def test_default_theme_loads_and_pickles(tmp_path: Path) -> None:
    """A site without themes has the bundled one, as a value that worker processes can be handed."""
    theme = load(tmp_path)
    assert theme.layers == ("default",)
    assert theme.folders == (str(bundled_themes() / "default"),)
    again = pickle.loads(pickle.dumps(theme))  # noqa: S301 - our own
    assert again == theme


def test_bundled_folder_is_not_taken_twice() -> None:
    """In this repository the site's folder of the theme is the bundled one."""
    assert load(REPOSITORY).folders == (str(DEFAULT),)


def test_folder_without_theme_yaml_overrides_single_files(tmp_path: Path) -> None:
    """`themes/default/` with one template and one style sheet replaces these two, and adds to the rest."""
    root = site(
        tmp_path,
        {"themes/default/templates/404.html.jinja": "lost", "themes/default/assets/custom.css": "p { color: red }"},
    )
    plain, theme = load(tmp_path / "nowhere"), load(root)
    assert theme.layers == ("default", "default")
    assert theme.templates[0] == {"404.html.jinja": "lost"}
    assert "home.html.jinja" in theme.templates[1]
    assert set(theme.assets) == {*plain.assets, "custom.css"}
    assert theme.digest != plain.digest


def test_extends_inherits_and_changes(tmp_path: Path) -> None:
    """A theme that extends another inherits file by file, message by message, option by option."""
    root = site(
        tmp_path,
        {
            "themes/night/theme.yaml": "extends: default\noptions:\n  n: {type: bool, default: no}",
            "themes/night/messages/en.yaml": "map: Chart",
            "themes/night/assets/site.css": "a { color: option(accent) }",
        },
    )
    wrongs = faults(root, "night")
    assert [(d.file, d.keys, d.message) for d in wrongs] == [
        ("themes/night/theme.yaml", ("options", "n", "default"), "n: expected true or false, found 'no'")
    ]
    (root / "themes/night/theme.yaml").write_text('extends: default\noptions: {accent: {default: "#abc"}}')
    theme = load(root, "night")
    assert theme.layers == ("night", "default")
    assert theme.options["accent"] == "#aabbcc"
    assert theme.options["footer"] == ""
    assert theme.messages["en"]["map"] == "Chart"
    assert theme.messages["en"]["cluster"] == "Cluster"
    assert theme.assets["site.css"].data == b"a { color: #aabbcc }\n"


def test_extends_goes_through_the_sites_override(tmp_path: Path) -> None:
    """A child of `default` also gets what the site's own `themes/default/` overrides."""
    root = site(
        tmp_path,
        {"themes/night/theme.yaml": "extends: default", "themes/default/templates/404.html.jinja": "lost"},
    )
    assert load(root, "night").layers == ("night", "default", "default")


def test_theme_without_extends_stands_alone(tmp_path: Path) -> None:
    """`theme.yaml` without `extends` inherits nothing, under the name of a bundled theme too."""
    root = site(tmp_path, {"themes/default/theme.yaml": "title: Bare", "themes/default/templates/map.html.jinja": ""})
    theme = load(root)
    assert theme.layers == ("default",)
    assert not theme.assets
    assert not theme.messages


def test_a_theme_may_extend_the_bundled_one_of_its_name(tmp_path: Path) -> None:
    """`themes/default/theme.yaml` with `extends: default` means the bundled theme, not itself."""
    root = site(tmp_path, {"themes/default/theme.yaml": "extends: default"})
    assert load(root).layers == ("default", "default")


@pytest.mark.parametrize(
    ("theme", "files", "expected"),
    [
        ("defualt", {}, "site.yaml: error: there is no theme 'defualt' [unknown-theme]\n    did you mean 'default'?"),
        ("../x", {}, "site.yaml: error: there is no theme '../x' [unknown-theme]\n    there are: default"),
        (
            "a",
            {"themes/a/theme.yaml": "extends: dfault"},
            "themes/a/theme.yaml: error: there is no theme 'dfault' [unknown-theme]\n    did you mean 'default'?",
        ),
        (
            "a",
            {"themes/a/theme.yaml": "extends: b", "themes/b/theme.yaml": "extends: a"},
            (
                "themes/b/theme.yaml: error: themes extend one another in a circle: a → b → a [theme]"
                "\n    delete one of the `extends`"
            ),
        ),
        (
            "a",
            {"themes/a/templates/map.html.jinja": ""},
            (
                "themes/a: error: the theme 'a' has no theme.yaml, and no bundled theme has its name [theme]"
                "\n    write one (`title:` is enough; `extends: default` inherits everything)"
            ),
        ),
        (
            "a",
            {"themes/a/theme.yaml": "extend: default"},
            "themes/a/theme.yaml: error: unknown key 'extend' in `theme` [unknown-key]\n    did you mean 'extends'?",
        ),
        (
            "a",
            {"themes/a/theme.yaml": "options: {tone: {type: colour, default: '#000'}}"},
            "themes/a/theme.yaml: error: type: there is no type of option 'colour' [value]\n    did you mean 'color'?",
        ),
        (
            "a",
            {"themes/a/theme.yaml": "options: {tone: {default: x}}"},
            (
                "themes/a/theme.yaml: error: tone: the option has no type [theme]"
                "\n    one of color, text, choice, bool, url, path"
            ),
        ),
        (
            "default",
            {"themes/default/messages/en.yaml": "map: [Map]"},
            (
                "themes/default/messages/en.yaml: error: map: expected text, or the plural forms of one with at least"
                " `other` [theme]\n    CLDR's forms are few, many, one, other, two, zero"
            ),
        ),
        (
            "default",
            {"themes/default/messages/en.yaml": "map: 'a { brace'"},
            (
                "themes/default/messages/en.yaml: error: map: expected '}' before end of string [theme]"
                "\n    a brace that is text is written twice"
            ),
        ),
    ],
    ids=["name", "path", "parent", "circle", "no-yaml", "key", "option-type", "no-type", "message", "brace"],
)
def test_what_is_wrong_with_a_theme_is_a_diagnostic(
    tmp_path: Path, theme: str, files: dict[str, str], expected: str
) -> None:
    """Each mistake has one message that names the file, and says what to write."""
    assert [str(d) for d in faults(site(tmp_path, files), theme)] == [expected]


@pytest.mark.parametrize(
    ("option", "value", "message", "hint"),
    [
        ("acent", "#fff", "the theme 'default' has no option 'acent'", "did you mean 'accent'?"),
        ("accent", "teal", "accent: expected a color, found 'teal'", 'write it with quotes: "#2456c5"'),
        ("accent", None, "accent: expected a color, found nothing", 'write it with quotes: "#2456c5"'),
        ("footer", ["a"], "footer: expected text, found '['a']'", 'write "" for none'),
        (
            "analytics",
            "x.js",
            "analytics: expected a web address, found 'x.js'",
            "it begins with https:// or with / for this site",
        ),
        ("logo", "icon.svgz", "logo: the theme has no asset 'icon.svgz'", "did you mean 'icon.svg'?"),
    ],
)
def test_wrong_options_are_diagnostics_at_their_place(
    tmp_path: Path, option: str, value: object, message: str, hint: str
) -> None:
    """A wrong option of site.yaml is told with its key and what would be right."""
    (fault,) = faults(tmp_path, "default", **{option: value})
    assert (fault.file, fault.message, fault.hint) == ("site.yaml", message, hint)
    assert fault.keys[0] == "theme_options"
    assert str(fault.keys[1]).removesuffix("!") == option


def test_right_options_are_taken(tmp_path: Path) -> None:
    """Options reach the theme as templates see them."""
    theme = load(tmp_path, accent="#ABC", footer=2026, logo="icon.svg", analytics="/stats.js")
    values = {key: theme.options[key] for key in ("accent", "footer", "logo", "analytics", "analytics_id")}
    assert values == {
        "accent": "#aabbcc",
        "footer": "2026",
        "logo": "icon.svg",
        "analytics": "/stats.js",
        "analytics_id": "",
    }


def test_choices(tmp_path: Path) -> None:
    """A choice is one of those declared, and the nearest is named."""
    declared = "options: {size: {type: choice, choices: [small, large], default: small}}"
    root = site(tmp_path, {"themes/a/theme.yaml": declared})
    assert load(root, "a", size="large").options["size"] == "large"
    (fault,) = faults(root, "a", size="larg")
    assert (fault.message, fault.hint) == ("size: there is no choice 'larg'", "did you mean 'large'?")


STYLE = """/* a comment, with url(nothing.png) */
/*! kept */
@import "parts/more.css";
a { background: url( 'img/a.svg?x#y' ) }
b { background: url("https://example.com/b.png"); content: "url(c.png)" }
c { background: url(#d), url(data:image/gif;base64,R0lGOD), url(/e.png); color: option(tone) }
"""


def bare(tmp_path: Path, **assets: str) -> Path:
    """Write a theme `a` with these assets (`__` in a name stands for `/`) and one option."""
    files = {f"themes/a/assets/{name.replace('__', '/')}": text for name, text in assets.items()}
    declared = "options: {tone: {type: color, default: '#369'}}"
    return site(tmp_path, {"themes/a/theme.yaml": declared, **files})


def test_references_between_assets_get_digest_names(tmp_path: Path) -> None:
    """`url(…)` and `@import` name the published files; what lies elsewhere, comments and strings are left alone."""
    more = "i { background: url(../img/a.svg) }"
    root = bare(tmp_path, **{"site.css": STYLE, "parts__more.css": more, "img__a.svg": "<svg fill='option(tone)'/>"})
    assets = load(root, "a").assets
    picture, other = assets["img/a.svg"], assets["parts/more.css"]
    assert picture.data == b"<svg fill='#336699'/>"
    assert re.fullmatch(r"/assets/img/a\.[0-9a-f]{8}\.svg", picture.path)
    assert other.data.decode() == f'i {{ background: url("../{picture.path.removeprefix("/assets/")}") }}\n'
    assert assets["site.css"].data.decode() == (
        "/*! kept */\n"
        f'@import "{other.path.removeprefix("/assets/")}";\n'
        f'a {{ background: url("{picture.path.removeprefix("/assets/")}?x#y") }}\n'
        'b { background: url("https://example.com/b.png"); content: "url(c.png)" }\n'
        "c { background: url(#d), url(data:image/gif;base64,R0lGOD), url(/e.png); color: #336699 }\n"
    )


def test_a_changed_asset_renames_those_that_refer_to_it(tmp_path: Path) -> None:
    """The name of a style sheet changes with a picture in it, so that no browser keeps the old pair."""
    root = bare(tmp_path, **{"site.css": "a { background: url(a.svg) }", "a.svg": "<svg/>", "b.txt": "b"})
    before = load(root, "a").assets
    (root / "themes/a/assets/a.svg").write_text("<svg />")
    after = load(root, "a").assets
    assert [name for name in before if before[name].path != after[name].path] == ["a.svg", "site.css"]


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ("\n\na { b: url(nme.svg) }", "3:8: error: there is no asset 'nme.svg' [theme]\n    did you mean 'name.svg'?"),
        ("a { b: url(../x.css) }", "1:8: error: there is no asset '../x.css' [theme]"),
        ("a { c: option(ton) }", "1:8: error: the theme has no option 'ton' [theme]\n    did you mean 'tone'?"),
        (
            "@import 'site.css';",
            "1:1: error: 'site.css' and 'site.css' refer to each other [theme]\n    take one reference out",
        ),
    ],
    ids=["missing", "outside", "option", "circle"],
)
def test_wrong_references_in_assets(tmp_path: Path, css: str, expected: str) -> None:
    """A reference that leads nowhere is told with line and column."""
    root = bare(tmp_path, **{"site.css": css, "name.svg": ""})
    assert [str(d) for d in faults(root, "a")] == [f"themes/a/assets/site.css:{expected}"]


def test_digest_changes_with_every_part(tmp_path: Path) -> None:
    """Templates, options, messages and assets are all in the digest; the folder's place is not."""
    part = {"templates/x.jinja": "x", "messages/en.yaml": "x: y", "assets/x.txt": "x"}
    base = {"theme.yaml": "options: {o: {type: text, default: a}}", **part}
    variants = [base, base | {"theme.yaml": base["theme.yaml"].replace("a}}", "b}}")}]
    variants += [base | {name: f"{text}z"} for name, text in part.items()]
    roots = [
        site(tmp_path / str(n), {f"themes/a/{name}": text for name, text in files.items()})
        for n, files in enumerate([*variants, base])
    ]
    digests = [load(root, "a").digest for root in roots]
    assert len(set(digests)) == len(variants)
    assert digests[0] == digests[-1]


@given(st.integers(0, 0xFFFFFF), st.sampled_from([(4.8, "#f0f3f1"), (6.2, "#1a2328"), (3, "#ffffff")]))
def test_shades_contrast(color: int, wanted: tuple[float, str]) -> None:
    """Whatever the accent, its shades are readable on the grounds that the default theme has."""
    ratio, ground = wanted
    assert contrast(contrasting(f"#{color:06x}", ratio, ground), ground) >= ratio


def test_contrast_is_wcag() -> None:
    """The ratio is 21 between black and white, 1 between equals, and 4.54 for the gray that everyone quotes."""
    assert round(contrast("#000", "#ffffff"), 2) == 21
    assert contrast("#abc", "#aabbcc") == 1
    assert round(contrast("#767676", "#fff"), 2) == 4.54


# The default theme


def colors(css: str, scheme: str) -> dict[str, str]:
    """Read the colors that a scheme of the style sheet declares."""
    start = {"light": ":root {", "dark": ':root[data-scheme="dark"] {'}[scheme]
    block = css[css.index(start) :].partition("}")[0]
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6})\b", block))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("accent", ["#0b6477", "#ffee00", "#000000", "#ffffff", "#e00000"])
def test_colors_are_readable(tmp_path: Path, scheme: str, accent: str) -> None:
    """Every color of text has WCAG AA's contrast on both grounds, in both schemes, with any accent."""
    found = colors(load(tmp_path, accent=accent).assets["site.css"].data.decode(), scheme)
    for name in set(found) - {"paper", "plate", "rule", "strong", "grid", "on-accent"}:
        for ground in ("paper", "plate"):
            assert contrast(found[name], found[ground]) >= 4.5, (name, ground)
    assert contrast(found["on-accent"], found["accent"]) >= 4.5


def test_dark_scheme_is_one() -> None:
    """The dark scheme of the system and that of the switch are the same, and so is what the head says of both."""
    css = (DEFAULT / "assets/site.css").read_text("utf-8")
    system, chosen = (
        re.findall(r"--[\w-]+:.*?;", css[css.index(start) :].partition("}")[0])
        for start in (':root:not([data-scheme="light"]) {', ':root[data-scheme="dark"] {')
    )
    assert system == chosen
    head = (DEFAULT / "templates/shared/head.html.jinja").read_text("utf-8")
    papers = [colors(css, "light")["paper"], colors(css, "dark")["paper"]]
    assert re.findall(r'theme-color" content="(#\w+)"', head) == papers


def test_style_and_scripts_are_small(tmp_path: Path) -> None:
    """CSS and JavaScript together have less than 20 KB compressed."""
    assets = load(tmp_path).assets.values()
    assert sum(len(gzip.compress(a.data, 9)) for a in assets if a.path.endswith((".css", ".js"))) < 20_000


def test_nothing_inline_and_nothing_from_elsewhere() -> None:
    """No template has inline script or style, and no file of the theme loads anything from another host."""
    for path in sorted(DEFAULT.rglob("*")):
        if path.suffix not in {".jinja", ".css", ".js", ".svg"}:
            continue
        text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"""\sstyle\s*=|<style|\son\w+\s*=\s*["']|javascript:|<script(?![^>]*\ssrc=)""", text), (
            path
        )
        assert not re.search(r"""(?:src|href|url|@import)\s*[=(]?\s*["']?(?:https?:)?//""", text), path


def catalogue(language: str) -> dict[str, str]:
    """Return the messages of the default theme in a language."""
    theme, _ = load_theme(REPOSITORY, SiteConfig(title="Site"))
    assert theme is not None
    return dict(theme.messages[language])


def names(messages: dict[str, str]) -> dict[str, set[str]]:
    """Return the keys without plural forms, each with the forms that it has."""
    plurals = {key.rpartition(".")[0] for key in messages if key.endswith(".other")}
    found: dict[str, set[str]] = {}
    for key in messages:
        base, _, form = key.rpartition(".")
        if base in plurals and form in PLURALS:
            found.setdefault(base, set()).add(form)
        else:
            found[key] = set()
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogues_are_complete(language: str) -> None:
    """Every language has the same messages, all plural forms that CLDR knows for it, and the same to fill in."""
    english, own = catalogue("en"), catalogue(language)
    assert names(own).keys() == names(english).keys()
    forms = {*Locale.parse(language).plural_form.tags, "other"}
    assert {key: found for key, found in names(own).items() if found not in (set(), forms)} == {}

    def holes(text: str) -> set[str | None]:
        return {hole for _, hole, _, _ in string.Formatter().parse(text) if hole is not None}

    for key, text in own.items():
        assert text.strip()
        base = key if key in english else f"{key.rpartition('.')[0]}.other"
        assert holes(text) <= holes(english[base]), key
        if key in english and not key.endswith((".one", ".two", ".zero")):
            assert holes(text) == holes(english[key]), key


def test_no_message_is_missing_or_unused() -> None:
    """Templates use every message, and none that does not exist; `nav.*` is read by the views."""
    text = "".join(path.read_text("utf-8") for path in sorted((DEFAULT / "templates").rglob("*.jinja")))
    used = set(re.findall(r"""\bt\(["']([\w.]+)["']""", text))
    groups = tuple(f"{group}." for group in set(re.findall(r"""\blabel\(["'](\w+)["']""", text)))
    known = names(catalogue("en")).keys()
    assert used - known == set()
    kept = {key for key in known if key.startswith((*groups, "nav."))}
    assert known - used - kept == set()


# themes/README.md


def documented() -> dict[str, set[str]]:
    """Read themes/README.md: view → fields in the first column of its table."""
    text = (REPOSITORY / "themes/README.md").read_text("utf-8")
    found: dict[str, set[str]] = {}
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        cells = re.findall(r"^\| (`[^|]*?) \|", section, flags=re.MULTILINE)
        found[section.split()[0]] = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    return found


def test_readme_documents_every_view() -> None:
    """`themes/README.md` has every view and every field of `builder/views/types.py`, and no other."""
    tree = ast.parse((REPOSITORY / "builder/views/types.py").read_text("utf-8"))
    expected = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            view = getattr(views, node.name)
            inherited = {f.name for f in fields(views.PageView)} if node.name != "PageView" else set()
            own = {f.name for f in fields(view)} if is_dataclass(view) else set(view._fields)
            expected[node.name] = own - (inherited if issubclass(view, views.PageView) else set())
    assert documented() == expected


def test_readme_lists_the_options() -> None:
    """The options of the default theme are those that its README names."""
    text = (REPOSITORY / "themes/README.md").read_text("utf-8")
    listed = text[text.index("The options of the default theme:") :].partition(";")[0]
    theme, _ = load_theme(REPOSITORY, SiteConfig(title="Site"))
    assert theme is not None
    assert set(re.findall(r"`(\w+)`", listed)) == set(theme.options)
