"""The documentation says what the code does: keys, codes, kinds of page, commands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder import schema
from builder.check.budgets import BUDGETS
from builder.cli import main
from builder.config import LinksKeys, SiteKeys
from builder.diagnostics import CODES
from builder.link.rules import RULES
from builder.targets import PURGES, TARGETS
from builder.urls import PERMALINKS

if TYPE_CHECKING:
    from builder.values import Model

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def rows(name: str, heading: str) -> set[str]:
    """Return the first cells in backquotes of the tables below a heading."""
    text = (DOCS / name).read_text("utf-8")
    part = re.split(r"^## ", text.split(f"## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    return {key for row in re.findall(r"^\| (.*?) \|", part, re.MULTILINE) for key in re.findall(r"`([^`]+)`", row)}


@pytest.mark.parametrize(
    ("heading", "model"),
    [("map.yaml", schema.Map), ("Articles and pillars", schema.Article), ("site.yaml", SiteKeys)],
)
def test_format_keys(heading: str, model: type[Model]) -> None:
    """docs/format.md lists every key of a map, an article and the site, and no other."""
    assert rows("format.md", heading) == set(model.model_fields)


def test_format_page_keys() -> None:
    """docs/format.md lists the keys of free pages and of entities."""
    text = (DOCS / "format.md").read_text("utf-8")
    for heading, model in (("Free pages", schema.PageKeys), ("entities.yaml", schema.Entity)):
        part = text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
        assert set(model.model_fields) <= set(re.findall(r"`(\w+)`", part)), heading


def test_format_permalinks() -> None:
    """docs/format.md names every kind of page that a permalink can be given for."""
    part = (DOCS / "format.md").read_text("utf-8").split("`permalinks` in site.yaml", 1)[1].split("\n\n", 1)[0]
    assert set(PERMALINKS) <= set(re.findall(r"\w+", part))


def test_diagnostics() -> None:
    """docs/diagnostics.md lists every code with its default severity and meaning."""
    text = (DOCS / "diagnostics.md").read_text("utf-8")
    found = re.findall(r"^\| `([\w-]+)` \| (\w+) \| (.*) \|$", text, re.MULTILINE)
    assert {code: (severity, text) for code, severity, text in found} == {
        code: (str(severity), text) for code, (severity, text) in CODES.items()
    }


def test_link_rules() -> None:
    """docs/links.md lists every rule with its group, every key of `links` with its default, and every budget."""
    text = (DOCS / "links.md").read_text("utf-8")
    part = text.split("## The rules", 1)[1].split("\n## ", 1)[0]
    found = dict(re.findall(r"^\| `([\w-]+)` \| (\w+) \|", part, re.MULTILINE))
    assert found == {rule: str(group) for rule, (group, _) in RULES.items()}
    part = text.split("## Caps and budgets", 1)[1]
    keys = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", part, re.MULTILINE))
    defaults = {key: value.strip("`") for key, value in keys.items() if key in LinksKeys.model_fields}
    shown = {key: re.sub(r"[\"']", "", str(field.default)) for key, field in LinksKeys.model_fields.items()}
    assert defaults == {key: {"True": "true", "False": "false"}.get(value, value) for key, value in shown.items()}
    budgets = dict(re.findall(r"^\| `([\w-]+)` \| (error|warning|note) \|", part, re.MULTILINE))
    assert budgets == {code: str(CODES[code][0]) for code in BUDGETS}


def test_commands() -> None:
    """README.md names every command, and every command says what it does."""
    text = (ROOT / "README.md").read_text("utf-8")
    for name, command in main.commands.items():
        assert f"topicsite {name}" in text, name
        assert command.help, name


def test_links_between_documents() -> None:
    """Every relative link of the documentation leads to a file of the repository."""
    for file in (ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.glob("*.md"), ROOT / "builder/ARCHITECTURE.md"):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", file.read_text("utf-8")):
            if "`" not in target and not target.startswith(("../data", "layers")):
                assert (file.parent / target).exists(), f"{file.name}: {target}"


def test_deploy() -> None:
    """docs/deploy.md names every target, every key of it and of its cache, and every option of the command."""
    text = (DOCS / "deploy.md").read_text("utf-8")
    assert set(TARGETS) <= rows("deploy.md", "Targets")
    said = set(re.findall(r"`(?:\{type: )?([\w-]+)", text)) | set(re.findall(r"`(--[\w-]+)", text))
    for name, model in {**TARGETS, **PURGES}.items():
        assert name in said
        assert set(model.model_fields) - {"type"} <= said, name
    options = {option for parameter in main.commands["deploy"].params for option in parameter.opts if "--" in option}
    assert options - {"--site", "--date"} <= said
