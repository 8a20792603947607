"""Secrets of the environment never appear in what the user sees: messages pass through here before they are shown."""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_SECRET_NAME = re.compile(r"(?i)SECRET|TOKEN|PASSW|PASSPHRASE|CREDENTIAL|KEY|SAS|AUTH|CONN\w*STR|PRIVATE|COOKIE")
#: Shorter values are words, numbers and switches; hiding them would make messages unreadable and protect nothing.
SHORTEST = 6
HIDDEN = "[secret]"


def secrets_of(environment: Mapping[str, str]) -> list[str]:
    """Return the values of an environment that its names call secrets; paths of existing files are none."""
    found = {value.strip() for name, value in environment.items() if _SECRET_NAME.search(name) and not _is_path(value)}
    return sorted(value for value in found if len(value) >= SHORTEST)


def _is_path(value: str) -> bool:
    return value.startswith(("/", "~/")) and os.path.lexists(Path(value).expanduser())


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """Return a function that hides secrets in a text, also where they are encoded for URLs, JSON or HTTP."""
    forms: set[str] = set()
    for secret in secrets:
        forms |= {
            secret,
            quote(secret),
            quote(secret, safe=""),
            quote_plus(secret),
            json.dumps(secret)[1:-1],
            repr(secret)[1:-1],
            base64.b64encode(secret.encode()).decode(),
        }
        forms |= {line for line in secret.splitlines() if len(line) >= SHORTEST}
    if not forms:
        return lambda text: text
    pattern = re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)))
    return lambda text: pattern.sub(HIDDEN, text)
