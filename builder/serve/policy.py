"""The site's Content-Security-Policy, widened by what the preview's own script needs and by nothing else."""

from __future__ import annotations

#: On plain HTTP this would make browsers ask for https://127.0.0.1, which nobody serves.
_DROPPED = {"upgrade-insecure-requests", "block-all-mixed-content"}


def widened(header: str, script: str, socket: str, nonce: str) -> str:
    """Return a policy header (one policy or several, with commas) that lets `script` run and `socket` be opened.

    A source is added only where the policy would forbid it; under 'strict-dynamic', which ignores addresses, the nonce.
    """
    return ", ".join(filter(None, (_policy(policy, script, socket, nonce) for policy in header.split(","))))


def _policy(text: str, script: str, socket: str, nonce: str) -> str:
    directives: dict[str, list[str]] = {}
    for part in text.split(";"):
        words = part.split()
        if words and words[0].lower() not in _DROPPED:
            directives.setdefault(words[0].lower(), words[1:])
    for names, source in ((("script-src-elem", "script-src"), script), (("connect-src",), socket)):
        name = next((name for name in names if name in directives), None)
        sources = directives.get(name or "default-src")
        if sources is None:
            continue
        kept = [source for source in sources if source.lower() != "'none'"]
        if "'strict-dynamic'" in (word.lower() for word in kept) and source is script:
            source = f"'nonce-{nonce}'"  # noqa: PLW2901
        elif source is script and "'self'" in kept:
            continue
        directives[name or names[-1]] = [*kept, source]
    return "; ".join(" ".join((name, *sources)) for name, sources in directives.items())
