"""What the XML files share: escaping, and dates as they want them."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def escape(text: str) -> str:
    """Return text for an element or a quoted attribute; characters that XML 1.0 forbids are left out."""
    return html.escape(_ILLEGAL.sub("", text)).replace("&#x27;", "'")


def instant(day: dt.date) -> str:
    """Return a day as an RFC 3339 instant, its midnight in UTC."""
    return f"{day.isoformat()}T00:00:00Z"
