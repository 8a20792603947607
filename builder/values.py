"""The kinds of values that the format's keys take, and what is told of a value that is none.

Values arrive as text (see `load.py`). `schema.py`, `config.py` and `targets.py` are made of these.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import unicodedata
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote, unquote, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from builder.diagnostics import did_you_mean
from builder.load import shorten
from builder.urls import SAFE, host_of, is_slug, slugify

if TYPE_CHECKING:
    from collections.abc import Callable


# Pydantic looks for plugins among all installed packages, which takes longer than to read site.yaml; none is wanted.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def wrong(message: str, hint: str = "", at: str = "") -> PydanticCustomError:
    """Make the error of a validator: what is wrong, what to write instead, at which key of the value."""
    return PydanticCustomError("topicsite", "{message}", {"message": message, "hint": hint, "at": at})


def stripped(value: Any) -> Any:
    """Return text without white space around it."""
    return value.strip() if isinstance(value, str) else value


def _not_empty(value: str) -> str:
    if not value:
        raise wrong("the text is empty", "write it, or delete the key")
    return value


def _slug(value: str) -> str:
    if not is_slug(value):
        better = slugify(value)
        hint = f"write '{better}'" if better else "use letters, digits and hyphens"
        raise wrong(f"'{shorten(value)}' cannot stand in a URL", hint)
    return value


def _date(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", value.strip())
    if not found:
        raise wrong(f"expected a date as YYYY-MM-DD, found '{shorten(value)}'", "for example 2026-05-04")
    try:
        return dt.date(*map(int, found.groups()))
    except ValueError:
        raise wrong(f"there is no day {value.strip()}", "write a date of the calendar as YYYY-MM-DD") from None


def whole(value: Any) -> Any:
    """Refuse text that is no whole number."""
    if isinstance(value, str) and not re.fullmatch(r"[+-]?[0-9]+", value.strip()):
        figure = re.sub(r"(?<=[0-9])[.,]0+$", "", unicodedata.normalize("NFKC", value.strip()))
        if re.fullmatch(r"[0-9]{1,3}([ ,._'][0-9]{3})+", figure):  # thousands that are set apart
            figure = re.sub("[^0-9]", "", figure)
        hint = f"write {figure}" if re.fullmatch("[0-9]+", figure) else "write digits only"
        raise wrong(f"expected a whole number, found '{shorten(value)}'", hint)
    if isinstance(value, str) and len(value.strip()) > _DIGITS:
        raise wrong(f"expected a whole number of at most {_DIGITS} digits, found '{shorten(value)}'")
    return value


#: A number of words or months with more digits is a slip of the hand.
_DIGITS = 9


def number(value: Any) -> Any:
    """Refuse text that is no number."""
    if isinstance(value, str) and not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)", value.strip()):
        raise wrong(f"expected a number, found '{shorten(value)}'", "write digits, with a point for a fraction")
    return value


def is_web_url(value: str) -> bool:
    """Tell whether a value is an address of the web, with a host."""
    if re.fullmatch(r"https?://[^\s/?#\\]+([/?#]\S*)?", value, re.IGNORECASE) is None:
        return False
    try:
        return bool(host_of(value))
    except ValueError:
        return False


def http_url(value: str) -> str:
    """Refuse what is no address of the web."""
    if not is_web_url(value):
        raise wrong(
            f"expected a web address, found '{shorten(value)}'", "it begins with https:// or http:// and a host"
        )
    return value


def _base_url(value: str) -> str:
    owner = re.match(r"(https?://)[^/?#]*@(.*)", value, re.IGNORECASE)
    if owner:  # first of all, and without the value: the messages below would show a password
        message = "a base URL names no user and no password, since every page shows it"
        raise wrong(message, f"write {owner[1]}{owner[2]}")
    value = http_url(value)
    if "?" in value or "#" in value:
        raise wrong("a base URL has no `?` and no `#`", f"write {re.split('[?#]', value)[0]}")
    parts = urlsplit(value)
    if re.search(r"//|/\.\.?(/|$)", unquote(parts.path)) or re.search("%(?![0-9A-Fa-f]{2})", parts.path):
        hint = "it has no `//`, `/./` and `/../`, and after `%` two hexadecimal digits"
        raise wrong(f"the path '{shorten(parts.path)}' is no folder of a host", hint)
    path = quote(parts.path, safe=SAFE)
    return f"{parts.scheme}://{host_of(value)}{path if path.endswith('/') else path + '/'}"


#: What no path of a page has: white space, `?`, `#`, backslashes, hosts' wildcards (`*`, `:name`), hidden or parent
#: folders, and folders with the name of a page.
_NO_PATH = {
    r"^(?!/)|//": "begins with one `/` and has no `//`",
    r"\s": "has no spaces, and no `%20`",
    r"[?#\\*\x00-\x1f\x7f]": "has no `?`, `#`, `*` or backslash, and no code of one",
    "/:": "has no part that begins with `:`",
    r"/\.": "has no part that begins with a dot",
    r"(?i:\.html?/)": "ends after a name with `.html`",
}


def _path(value: str) -> str:
    plain = unquote(value)
    hint = next((f"it {rule}" for pattern, rule in _NO_PATH.items() if re.search(pattern, plain)), "")
    if hint:
        raise wrong(f"expected a path of this site such as /old-page/, found '{shorten(value)}'", hint)
    return plain


def _language(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-[A-Za-z0-9]{5,8})*", value):
        raise wrong(
            f"expected a language tag such as en or pt-BR, found '{shorten(value)}'", "BCP 47: en, de-AT, zh-Hant"
        )
    return value


def choice(*choices: str) -> Callable[[Any], Any]:
    """Make a validator that folds case and names the nearest choice."""

    def check(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        folded = value.strip().casefold()
        if folded not in choices:
            expected = f"{', '.join(choices[:-1])} or {choices[-1]}"
            raise wrong(f"expected {expected}, found '{shorten(value)}'", did_you_mean(folded, choices))
        return folded

    return check


def _intent(value: str) -> str:
    folded = value.casefold()
    return folded if folded in {"informational", "commercial", "transactional", "navigational"} else value


def wikidata_item(value: str) -> str:
    """Return the id of a Wikidata item, given by itself or as an address."""
    found = re.fullmatch(r"(?:https?://(?:www\.)?wikidata\.org/(?:wiki|entity)/)?(Q[1-9][0-9]*)/?", value)
    if not found:
        raise wrong(f"expected a Wikidata item such as Q186447, found '{shorten(value)}'")
    return found[1]


def wrap(key: str) -> Callable[[Any], Any]:
    """Make a validator that takes plain text for an object whose only value is at `key`."""

    def wrapped(value: Any) -> Any:
        return {key: value} if isinstance(value, str) else value

    return wrapped


def one_or_list(value: Any) -> Any:
    """Take one text for a list of one."""
    return [value] if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(stripped), AfterValidator(_not_empty)]
Slug = Annotated[str, BeforeValidator(stripped), AfterValidator(_slug)]
Date = Annotated[dt.date, BeforeValidator(_date)]
Count = Annotated[int, BeforeValidator(whole), Field(ge=0)]
Ratio = Annotated[float, BeforeValidator(number), Field(ge=0, le=1)]
Positive = Annotated[float, BeforeValidator(number), Field(gt=0)]
WebUrl = Annotated[Text, AfterValidator(http_url)]
BaseUrl = Annotated[Text, AfterValidator(_base_url)]
Path = Annotated[Text, AfterValidator(_path)]
Texts = Annotated[list[Text], BeforeValidator(one_or_list)]
Language = Annotated[Text, AfterValidator(_language)]
Intent = Annotated[Text, AfterValidator(_intent)]
Priority = Annotated[Literal["high", "medium", "low"], BeforeValidator(choice("high", "medium", "low"))]
StatusText = Annotated[
    Literal["planned", "draft", "published", "retired"],
    BeforeValidator(choice("planned", "draft", "published", "retired")),
]


def no_entries() -> Any:
    """Make the default of a list: an empty one. Pydantic copies one that is given as a value, which takes longer."""
    return Field(default_factory=list, json_schema_extra={"default": []})


class Model(BaseModel):
    """What all parts of the format share: unknown keys are errors. Docstrings are the JSON Schema's descriptions."""

    model_config = ConfigDict(extra="forbid", defer_build=True)
