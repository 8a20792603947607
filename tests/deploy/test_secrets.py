"""Secrets of the environment never occur in any output: whatever the target, whatever goes wrong, with --verbose too.

Everything that answers here is hostile: servers send back what they were sent, with the secrets of the environment,
plain and encoded; programs print their environment.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from builder.cli import main
from builder.deploy.redact import redactor, secrets_of
from tests.deploy.buckets import Bucket
from tests.deploy.listening import Asked, Listening
from tests.deploy.sites import Built

SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "made-up/aws+secret=1",
    "AWS_SESSION_TOKEN": "made-up/session+token=2",
    "AZURE_STORAGE_ACCOUNT_KEY": base64.b64encode(b"made-up azure account key").decode(),
    "AZURE_STORAGE_SAS_TOKEN": "sv=2021&sig=made%2Dup%2Dsas",
    "CLOUDFLARE_API_TOKEN": "made-up-cloudflare-token",
    "NETLIFY_AUTH_TOKEN": "made-up-netlify-token",
    "FASTLY_API_TOKEN": "made-up-fastly-token",
    "BUNNY_API_KEY": "made-up-bunny-key",
    "RSYNC_PASSWORD": 'made up & rsync\'s "password"',
    "GH_TOKEN": "ghp_madeup0000000000000000",
    "SSH_PRIVATE_KEY": "-----BEGIN MADE UP KEY-----\nline-one-of-the-key\nline-two-of-the-key\n-----END-----",
}
FOLDER = {"type": "folder", "path": "../published"}
SITE = {"index.html": "one", "sitemap.xml": "<urlset><url><loc>https://www.example.com/</loc></url></urlset>"}


def forms(secret: str) -> set[str]:
    """Return how a secret may look in an output."""
    encoded = base64.b64encode(secret.encode()).decode()
    lines = [line for line in secret.splitlines() if "-----" not in line]
    return {secret, quote(secret), quote(secret, safe=""), json.dumps(secret)[1:-1], encoded, *lines}


def echo(asked: Asked) -> tuple[int, str]:
    """Answer a request with all that it must not tell."""
    text = " ".join(
        [*asked.headers.values(), asked.path, *(form for secret in SECRETS.values() for form in forms(secret))]
    )
    return 403, f"<Error><Code>AccessDenied</Code><Message>{text}</Message></Error>"


def hostile(folder: Path, name: str, status: int) -> None:
    """Put a program into a folder that prints its environment and its arguments."""
    folder.mkdir(exist_ok=True)
    lines = [f"#!{sys.executable}", "import os, sys", "for out in (sys.stdout, sys.stderr):"]
    lines += [
        "    print(dict(os.environ), *os.environ.values(), *sys.argv, sep='\\n', file=out)",
        f"sys.exit({status})",
    ]
    (folder / name).write_text("\n".join(lines))
    (folder / name).chmod(0o755)


CASES = {
    "s3": {"type": "s3", "bucket": "b", "endpoint": "ECHO"},
    "gcs": {"type": "gcs", "bucket": "b", "endpoint": "ECHO"},
    "azure": {"type": "azure", "account": "maps", "endpoint": "ECHO"},
    "rsync": {"type": "rsync", "destination": "host:/srv"},
    "branch": {"type": "branch", "remote": "https://127.0.0.1:9/maps.git"},
    "cloudflare-pages": {"type": "cloudflare-pages", "project": "maps"},
    "netlify": {"type": "netlify", "site": "maps"},
    "indexnow": {**FOLDER, "indexnow": {"key": "0123456789", "endpoint": "ECHO"}},
    "cloudfront": {**FOLDER, "purge": {"type": "cloudfront", "distribution": "E2", "endpoint": "ECHO"}},
    "cloudflare": {**FOLDER, "purge": {"type": "cloudflare", "zone": "0" * 32, "endpoint": "ECHO"}},
    "fastly": {**FOLDER, "purge": {"type": "fastly", "endpoint": "ECHO"}},
    "bunny": {**FOLDER, "purge": {"type": "bunny", "endpoint": "ECHO"}},
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, built: Built) -> None:
    """Put the secrets into the environment, and programs on PATH that tell them."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    for name, status in (("rsync", 1), ("wrangler", 1), ("netlify", 0), ("git", 1)):
        hostile(tmp_path / "bin", name, status)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    account = {"gcs_base_url": "http://localhost", "private_key": "", "private_key_id": "", "client_email": ""}
    (tmp_path / "google.json").write_text(json.dumps({**account, "disable_oauth": True}))
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT_PATH", str(tmp_path / "google.json"))
    monkeypatch.chdir(built.root)


def everything(built: Built, *arguments: str, **keys: object) -> str:
    """Run the command in all its ways, and return all that it shows and leaves on this machine."""
    site = {"title": "Test", "base_url": "https://www.example.com/", "deploy": {"live": keys}}
    (built.root / "site.yaml").write_text(json.dumps(site))
    texts = []
    for options in arguments:
        for words in ("one", "two"):
            built.write(SITE | {"index.html": words})
            result = CliRunner().invoke(main, ["deploy", "--no-build", "--verbose", *options.split()])
            assert result.exit_code in {0, 2, 3}
            assert result.exception is None or isinstance(result.exception, SystemExit)
            texts.append(result.output)
    kept = (path for path in (built.root / ".topicsite").rglob("*") if path.is_file())
    texts += [path.read_bytes().decode("latin-1") for path in kept]
    return "\n".join(texts)


def check(text: str) -> None:
    """Fail if any secret occurs, in whatever form."""
    for name, secret in SECRETS.items():
        for form in forms(secret):
            assert form not in text, name


@pytest.mark.parametrize("case", CASES)
def test_no_secret_is_shown(built: Built, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a target, a cache's API or a program answers, no secret comes out again."""
    monkeypatch.setattr("builder.deploy.retry.Patience.pause", lambda *_: 0.0)
    with Listening(echo) as server:
        written = json.dumps(CASES[case]).replace("ECHO", server.url)
        text = everything(built, "--dry-run", "--yes", "--status", "--yes --force", **json.loads(written))
        asked = len(server.asked)
    check(text)
    assert len(text) > 50, "something was shown"
    assert bool(asked) == ("ECHO" in json.dumps(CASES[case])), "the hostile server was asked"


def test_token_in_a_remotes_address(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system_part: Callable[[str], str]
) -> None:
    """A clone's remote that has a token in its address, as CI makes it, is not shown with it when git fails."""
    (tmp_path / "bin/git").unlink()
    monkeypatch.setattr("builder.deploy.retry.Patience.pause", lambda *_: 0.0)
    git = [system_part("git"), "-C", str(built.root)]
    remote = f"http://x-access-token:{SECRETS['GH_TOKEN']}@127.0.0.1:9/maps.git"
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "remote", "add", "origin", remote], check=True)
    text = everything(built, "--yes", "--status", type="branch")
    assert "127.0.0.1" in text
    check(text)


def test_no_secret_is_sent_to_the_target(built: Built, bucket: Bucket, tmp_path: Path) -> None:
    """A deploy that works leaves no secret in its output, in a bucket, or in a folder."""
    os.environ.pop("AWS_SESSION_TOKEN", None)
    check(everything(built, "--dry-run", "--yes", "--status", "--rollback --yes", **bucket.target()))
    check(everything(built, "--yes", "--status", "--rollback --yes", **FOLDER))
    for name in bucket.names():
        check(bucket.read(name).decode("latin-1"))
    for path in (tmp_path / "published").rglob("*"):
        if path.is_file():
            check(path.read_bytes().decode("latin-1"))


def test_bug_shows_no_secret(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even the traceback of a bug is shown without the secret that its message holds."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError(f"with {SECRETS['FASTLY_API_TOKEN']}")

    monkeypatch.setattr("builder.deploy.run.prepare", fail)
    text = everything(built, "--yes", **FOLDER)
    assert "ZeroDivisionError: with [secret]" in text
    check(text)


def test_what_counts_as_a_secret(tmp_path: Path) -> None:
    """Values are secrets by the names of their variables; short ones, and paths that exist, are none."""
    environment = {
        "API_TOKEN": "long enough",
        "MY_PASSWORD": "short",
        "EDITOR": "not a secret",
        "SSH_AUTH_SOCK": str(tmp_path),
        "KEY_FILE": "/nonexistent/file",
    }
    assert secrets_of(environment) == ["/nonexistent/file", "long enough"]
    hide = redactor(["long enough"])
    assert hide("it is long enough, long%20enough") == "it is [secret], [secret]"
