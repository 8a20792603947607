"""What the faults of object stores mean: whether a second attempt may help, and in one line what is wrong.

The library has few kinds of faults, and says the rest in their text.
"""

from __future__ import annotations

import re

from builder.deploy.retry import TRANSIENT

try:
    from obstore import exceptions as faults
except ImportError:  # told when a bucket is opened
    faults = None  # type: ignore[assignment]

NOT_IMPLEMENTED = 501
#: What the library says of a redirect that does not say where to, as S3 answers for a bucket of another region.
_ELSEWHERE = "redirect without LOCATION"
#: Codes of S3 that mean "try again" whatever their status ("Error responses" of its API reference).
_AGAIN = frozenset(
    {
        "InternalError",
        "OperationAborted",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "ConditionalRequestConflict",
    }
)


def deserves(fault: Exception) -> bool:
    """Tell whether a request may go better if it is repeated."""
    text = str(fault)
    if _ELSEWHERE in text:
        return False
    if not isinstance(fault, faults.GenericError) or "169.254.169.254" in text:
        return code_of(text) in _AGAIN
    status = status_of(text)
    return status is None or status in TRANSIENT or code_of(text) in _AGAIN


def explain(where: str, doing: str, name: str, text: str) -> str:
    """Return what a fault of a store means, in one line, with what to do about it."""
    status, code = status_of(text), code_of(text)
    if "169.254.169.254" in text or "metadata.google.internal" in text:
        return f"{where}: there are no credentials; they belong in the environment (docs/deploy.md)"
    if code in {"NoSuchBucket", "ContainerNotFound"}:
        return f"{where}: there is no such {'bucket' if code == 'NoSuchBucket' else 'container'}; make it first"
    if _ELSEWHERE in text or code in {"PermanentRedirect", "AuthorizationHeaderMalformed"}:
        return f"{where}: the bucket is in another region, or at another endpoint; say which in site.yaml"
    if status in {401, 403}:
        return f"{where}: {doing} {name} is not allowed ({code or status}); check the credentials and their rights"
    if code:
        message = re.search(r"<Message>([^<]*)", text)
        return f"{where}: {doing} {name} failed: {code}{': ' + message[1].strip() if message else ''}"
    if status:
        return f"{where}: {doing} {name} failed with status {status}"
    if "kind: Connect" in text:
        return f"{where}: {doing} {name} failed: the service cannot be reached"
    reason = re.search(r"HTTP error: ([^\n{]+)", text) or re.search(r" in [\d.]+\w+ - ([^\n]+)", text)
    return f"{where}: {doing} {name} failed: {reason[1].strip() if reason else first_line(text)}"


def status_of(text: str) -> int | None:
    """Return the HTTP status that a fault tells of."""
    found = re.search(r"status code: (\d{3})|status: (\d{3})", text)
    return int(found[1] or found[2]) if found else None


def code_of(text: str) -> str:
    """Return the store's own code of a fault, '' if it gives none."""
    found = re.search(r"<Code>(\w+)</Code>", text)
    return found[1] if found else ""


def first_line(text: str) -> str:
    """Return the first line of a text that says anything."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "unknown fault")
