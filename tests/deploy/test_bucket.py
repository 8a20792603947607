"""Deploys to a real S3 server on loopback: what is sent, with which headers, what stays, what is refused."""

import gzip
import json

import pytest

from builder.deploy.records import DeployError, RefusedError
from builder.deploy.run import check_limits
from tests.deploy.buckets import Bucket
from tests.deploy.sites import Built, page

STYLE = "assets/site.0a1b2c3d.css"
SITE = {
    "index.html": page("Home", ["/a/"], [STYLE]),
    "a/index.html": page("A", ["/"], [STYLE]),
    "a/index.md": "# A\n",
    STYLE: "body { color: black }",
    "sitemap.xml": "<urlset/>",
    "_headers": "/*\n  X: y\n",
    "_redirects": "/b/ /a/ 301\n",
}


def test_first_deploy_sends_everything_with_its_headers(built: Built, bucket: Bucket) -> None:
    """A first deploy sends every file of the manifest that a bucket has a use for, typed, with its caching."""
    built.write(SITE)
    built.deploy(bucket.target())
    assert bucket.files().keys() == SITE.keys() - {"_headers", "_redirects"}
    home, style = bucket.head("index.html"), bucket.head(STYLE)
    assert home["ContentType"] == "text/html; charset=utf-8"
    assert home["CacheControl"] == "public, max-age=0, must-revalidate"
    assert style["ContentType"] == "text/css; charset=utf-8"
    assert style["CacheControl"] == "public, max-age=31536000, immutable"
    assert bucket.read("a/index.md") == b"# A\n"


def test_second_deploy_sends_the_difference(built: Built, bucket: Bucket) -> None:
    """Only what changed is sent, what is gone is deleted, and nothing is sent when nothing changed."""
    built.write(SITE | {"b/index.html": page("B", [], [])})
    built.deploy(bucket.target())
    before = {name: bucket.head(name)["LastModified"] for name in bucket.names()}

    built.write(SITE | {"a/index.html": page("A", ["/"], [STYLE], "more words")})
    plan = built.plan(bucket.target()).plan
    assert [(upload.name, upload.why) for upload in plan.uploads] == [("a/index.html", "changed")]
    assert [name for name, _ in plan.deletes] == ["b/index.html"]
    assert {name: bucket.head(name)["LastModified"] for name in bucket.names()} == before, "a plan changes nothing"

    done = built.deploy(bucket.target())
    assert b"more words" in bucket.read("a/index.html")
    assert "b/index.html" not in bucket.names()
    assert done.urls == ("https://www.example.com/a/", "https://www.example.com/b/")
    assert built.plan(bucket.target()).empty


def test_changed_headers_are_a_change(built: Built, bucket: Bucket) -> None:
    """A file whose bytes stay and whose headers change is sent again."""
    built.write(SITE)
    built.deploy(bucket.target())
    site = {"headers": {"/a/*": {"cache-control": "public, max-age=60"}}}
    plan = built.plan(bucket.target(), site).plan
    assert [(upload.name, upload.why) for upload in plan.uploads] == [
        ("a/index.md", "headers"),
        ("a/index.html", "headers"),
    ]
    built.deploy(bucket.target(), site)
    assert bucket.head("a/index.html")["CacheControl"] == "public, max-age=60"
    assert bucket.head("index.html")["CacheControl"] == "public, max-age=0, must-revalidate"
    assert built.plan(bucket.target(), site).empty


def test_foreign_files_are_left_alone(built: Built, bucket: Bucket) -> None:
    """What topicsite did not put into a bucket is neither deleted nor replaced, unless --force says so."""
    bucket.put("downloads/report.pdf", b"%PDF")
    bucket.put("a/index.html", b"somebody else's")
    built.write(SITE)
    with pytest.raises(RefusedError, match=r"would replace 1 files that topicsite did not put there \(a/index.html\)"):
        built.deploy(bucket.target())
    assert bucket.files() == {"downloads/report.pdf": b"%PDF", "a/index.html": b"somebody else's"}

    built.deploy(bucket.target(), force=True)
    assert bucket.read("a/index.html") == SITE["a/index.html"].encode()
    built.write({"index.html": "only this"})
    built.deploy(bucket.target(keep_old_assets="0", keep_deploys="0"), max_delete=9)
    assert bucket.files() == {"downloads/report.pdf": b"%PDF", "index.html": b"only this"}


def test_foreign_file_that_came_later_is_not_replaced(built: Built, bucket: Bucket) -> None:
    """A new file of the site never replaces a file that somebody put there in the meantime."""
    built.write(SITE)
    built.deploy(bucket.target())
    bucket.put("c/index.html", b"somebody else's")
    built.write(SITE | {"c/index.html": "ours"})
    with pytest.raises(RefusedError, match=r"a file that topicsite did not put there is in the way: c/index.html"):
        built.deploy(bucket.target())
    assert bucket.read("c/index.html") == b"somebody else's"
    built.deploy(bucket.target(), force=True)
    assert bucket.read("c/index.html") == b"ours"


def test_keep_leaves_files_alone(built: Built, bucket: Bucket) -> None:
    """Names that `keep` fits are neither written nor deleted."""
    built.write(SITE | {"old/page.html": "old"})
    built.deploy(bucket.target())
    bucket.put("robots.txt", b"my own")
    built.write(SITE | {"robots.txt": "generated"})
    target = bucket.target(keep=["old/**", "robots.txt"])
    assert built.plan(target).plan.left == ("old/page.html", "robots.txt")
    built.deploy(target)
    assert bucket.read("robots.txt") == b"my own"
    assert bucket.read("old/page.html") == b"old"
    built.deploy(bucket.target(keep=["robots.txt"]))
    assert "old/page.html" not in bucket.names(), "no longer kept, still ours"


def test_too_many_deletions_are_refused(built: Built, bucket: Bucket) -> None:
    """Deletions above the cap are refused, and --max-delete allows them."""
    built.write(SITE | {f"p{number}.html": str(number) for number in range(40)})
    built.deploy(bucket.target())
    built.write(SITE)
    prepared = built.plan(bucket.target())
    with pytest.raises(RefusedError, match=r"would delete 40 of 45 files, more than the 10 .*--max-delete 40"):
        check_limits(prepared)
    with pytest.raises(RefusedError):
        built.deploy(bucket.target())
    assert "p7.html" in bucket.names()
    built.deploy(bucket.target(), max_delete=40)
    assert "p7.html" not in bucket.names()


def test_old_assets_stay_for_their_grace(built: Built, bucket: Bucket) -> None:
    """An asset that no page uses any more stays for `keep_old_assets`, and can come back without being sent."""
    built.write(SITE)
    built.deploy(bucket.target(keep_deploys="0"))
    new = {name: text.replace("0a1b2c3d", "ffffffff") for name, text in SITE.items() if name != STYLE}
    built.write(new | {"assets/site.ffffffff.css": "body { color: white }"})
    built.deploy(bucket.target(keep_deploys="0"))
    assert STYLE in bucket.names()

    built.days = 6.9
    assert built.plan(bucket.target(keep_deploys="0")).empty
    built.write(SITE | {"assets/site.ffffffff.css": "body { color: white }"})
    back = built.plan(bucket.target(keep_deploys="0")).plan
    assert back.revived == (STYLE,)
    assert STYLE not in {upload.name for upload in back.uploads}

    built.write(new | {"assets/site.ffffffff.css": "body { color: white }"})
    built.days = 7.1
    prepared = built.plan(bucket.target(keep_deploys="0"))
    assert [name for name, _ in prepared.plan.deletes] == [STYLE]
    assert not prepared.plan.changes_site
    assert prepared.deletions == 0, "no visitor misses it"
    before = json.loads(bucket.read("deployed.json"))["deploy"]
    built.deploy(bucket.target(keep_deploys="0"))
    assert STYLE not in bucket.names()
    assert json.loads(bucket.read("deployed.json"))["deploy"] == before
    assert built.plan(bucket.target(keep_deploys="0")).empty


def test_rollback_goes_back_and_forth(built: Built, bucket: Bucket) -> None:
    """--rollback restores every file of the deploy before, headers too, from copies at the target; twice goes forth."""
    built.write(SITE | {"gone/index.html": page("Gone", [], [])})
    built.deploy(bucket.target(), {"headers": {"/a/": {"Cache-Control": "max-age=1"}}})
    first = bucket.files()
    new = {name: text.replace("0a1b2c3d", "ffffffff") for name, text in SITE.items() if name != STYLE}
    built.write(new | {"assets/site.ffffffff.css": "body {}", "new/index.html": "new"})
    built.deploy(bucket.target(keep_old_assets="0"))
    second = bucket.files()
    assert "gone/index.html" not in second

    built.write({})
    built.deploy(bucket.target(keep_old_assets="0"), rollback=True)
    now = bucket.files()
    now.pop("assets/site.ffffffff.css")  # kept, for the way forth
    assert now == first
    assert bucket.head("a/index.html")["CacheControl"] == "max-age=1"
    built.deploy(bucket.target(keep_old_assets="0"), rollback=True)
    assert bucket.files() == second
    assert bucket.head("a/index.html")["CacheControl"] == "public, max-age=0, must-revalidate"


def test_rollback_needs_something_kept(built: Built, bucket: Bucket) -> None:
    """Where no earlier deploy is kept, a rollback says so; copies that nobody needs are deleted."""
    built.write(SITE)
    built.deploy(bucket.target(keep_deploys="0"))
    with pytest.raises(RefusedError, match="no earlier deploy is kept"):
        built.deploy(bucket.target(keep_deploys="0"), rollback=True)
    for number in range(4):
        built.write(SITE | {"index.html": f"home {number}"})
        built.deploy(bucket.target())
        copies = [name for name in bucket.names() if name.startswith(".topicsite/objects/")]
        manifests = [name for name in bucket.names() if name.startswith(".topicsite/deploys/")]
        assert (len(copies), len(manifests)) == (1, 2)


def test_lost_books_are_rebuilt(built: Built, bucket: Bucket) -> None:
    """Without its books a target is listed: nothing is sent twice, and old files of ours are still ours."""
    built.write(SITE | {"old/index.html": "old"})
    built.deploy(bucket.target())
    bucket.put("foreign.txt", b"foreign")
    for name in bucket.names():
        if name.startswith(".topicsite/"):
            bucket.delete(name)
    built.write(SITE | {"index.html": "new home"})
    plan = built.plan(bucket.target()).plan
    assert [(upload.name, upload.why) for upload in plan.uploads] == [("index.html", "changed")]
    assert [name for name, _ in plan.deletes] == ["old/index.html"]
    built.deploy(bucket.target())
    assert built.plan(bucket.target()).empty
    assert bucket.read("foreign.txt") == b"foreign"


@pytest.mark.parametrize("book", ["state.json", "deploys/deploy-0001.json.gz"])
@pytest.mark.parametrize("damage", ["missing", "cut", "nonsense"])
def test_damaged_books_are_rebuilt(built: Built, bucket: Bucket, book: str, damage: str) -> None:
    """Books that cannot be read are rebuilt from a listing, too."""
    built.write(SITE)
    built.deploy(bucket.target())
    name = f".topicsite/{book}"
    data = bucket.read(name)
    if damage == "missing":
        bucket.delete(name)
    else:
        bucket.put(name, data[: len(data) // 2] if damage == "cut" else b"[1, 2]")
    built.write(SITE | {"index.html": "new home"})
    built.deploy(bucket.target())
    assert bucket.read("index.html") == b"new home"
    assert built.plan(bucket.target()).empty


def test_force_finds_what_others_changed(built: Built, bucket: Bucket) -> None:
    """--force believes what is there: files that others overwrote or deleted are sent again."""
    built.write(SITE)
    built.deploy(bucket.target())
    bucket.put("index.html", b"defaced")
    bucket.delete("a/index.html")
    assert built.plan(bucket.target()).empty, "the books do not know"
    built.deploy(bucket.target(), force=True)
    assert bucket.files() == {name: text.encode() for name, text in SITE.items() if not name.startswith("_")}


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_text_is_stored_compressed(built: Built, bucket: Bucket, encoding: str) -> None:
    """With `compress`, text is stored in that encoding and says so; small files and pictures are not."""
    text = page("Home", [], [], "many words " * 100)
    picture = bytes(range(256)) * 8
    built.write({"index.html": text, "small.txt": "small", "picture.png": picture})
    built.deploy(bucket.target(compress=encoding))
    assert bucket.head("index.html")["ContentEncoding"] == encoding
    assert len(bucket.read("index.html")) < len(text) / 2
    if encoding == "gzip":
        assert gzip.decompress(bucket.read("index.html")).decode() == text
    assert "ContentEncoding" not in bucket.head("small.txt")
    assert bucket.read("picture.png") == picture
    assert built.plan(bucket.target(compress=encoding)).empty
    assert [upload.name for upload in built.plan(bucket.target()).plan.uploads] == ["index.html"]


def test_prefix_is_a_site_of_its_own(built: Built, bucket: Bucket) -> None:
    """Two sites live under two prefixes of a bucket and do not know each other."""
    built.write(SITE)
    built.deploy(bucket.target(prefix="docs/v1"))
    built.write({"index.html": "two"})
    built.deploy(bucket.target(prefix="docs/v2"))
    assert bucket.read("docs/v1/index.html") == SITE["index.html"].encode()
    assert bucket.read("docs/v2/index.html") == b"two"
    assert {name.split("/")[0] for name in bucket.names()} == {"docs"}


def test_names_are_kept_as_they_are(built: Built, bucket: Bucket) -> None:
    """Names with letters and signs of any script arrive as they are."""
    names = ["größe/index.html", "日本語/index.html", "c++ & c#/index.html", "100%.html", "a'b(1)~x.html", "q=1+1.html"]
    built.write({name: name for name in names})
    built.deploy(bucket.target())
    assert bucket.files() == {name: name.encode() for name in names}
    assert built.plan(bucket.target(), force=True).empty


def test_deployed_json_tells_what_is_live(built: Built, bucket: Bucket) -> None:
    """`deployed.json` beside the site tells what is live, and no cache keeps it."""
    built.write(SITE)
    built.deploy(bucket.target())
    said = json.loads(bucket.read("deployed.json"))
    assert said["deploy"] == "deploy-0001"
    assert said["at"] == "2026-05-04T06:00:01Z"
    assert said["files"] == len(SITE) - 2
    assert bucket.head("deployed.json")["CacheControl"] == "no-store"


def test_output_that_others_changed_is_not_sent(built: Built, bucket: Bucket) -> None:
    """A file that is not as the build wrote it stops the deploy; one that no manifest lists is not sent."""
    built.write(SITE)
    (built.output / "draft.html").write_text("not of the build")
    built.deploy(bucket.target())
    assert "draft.html" not in bucket.names()
    built.write(SITE | {"a/index.html": "new"})
    (built.output / "a/index.html").write_text("edited by hand")
    with pytest.raises(DeployError, match=r"a/index.html is not what the build wrote; build again"):
        built.deploy(bucket.target())


def test_missing_bucket_is_named(built: Built, bucket: Bucket) -> None:
    """A bucket that does not exist is a message that says so."""
    built.write(SITE)
    with pytest.raises(DeployError, match="s3://no-such-bucket: there is no such bucket; make it first"):
        built.plan({**bucket.target(), "bucket": "no-such-bucket"})


def test_nothing_built_is_told(built: Built, bucket: Bucket) -> None:
    """Without a build there is nothing to deploy."""
    with pytest.raises(RefusedError, match="nothing is built"):
        built.plan(bucket.target())


def test_site_for_localhost_is_refused(built: Built, bucket: Bucket) -> None:
    """A site whose canonical links lead to the visitor's own machine is not published."""
    built.write(SITE)
    with pytest.raises(RefusedError, match="`base_url` is http://localhost:8000/"):
        built.deploy(bucket.target(), {"base_url": "http://localhost:8000/"})
    assert not bucket.names()
