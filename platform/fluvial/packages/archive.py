"""Packages as zip files: read within limits and never outside their folder, written tidily."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from fluvial.kernel.problems import Problem, TooLarge
from fluvial.kernel.zips import UNREADABLE
from metamodel.document_files import APP_FILE

MAX_FILES = 5_000
MAX_FILE = 5_000_000  # bytes of one file
MAX_TOTAL = 40_000_000  # bytes of all files
MAX_ZIP = 16_000_000  # bytes of the zip file
MAX_PATH = 200
IGNORED = ("__MACOSX/", ".DS_Store")
STAMP = (1980, 1, 1, 0, 0, 0)  # the same documents make the same bytes


@contextmanager
def unpacked(body: bytes) -> Iterator[Path]:
    """The folder of a package that came as a zip file, until the block ends."""
    if len(body) > MAX_ZIP:
        raise TooLarge(f"The zip file is larger than {MAX_ZIP:,} bytes.")
    with TemporaryDirectory(prefix="fluvial-package-") as folder:
        root = Path(folder)
        try:
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                _unpack(archive, root)
        except UNREADABLE as error:
            raise Problem(f"The file is not a valid zip file: {error}.") from error
        except RuntimeError as error:  # zipfile says so of encrypted members
            raise Problem("The zip file is encrypted. Send it without a password.") from error
        yield _head(root)


def _unpack(archive: zipfile.ZipFile, root: Path) -> None:
    members = [one for one in archive.infolist() if not one.filename.startswith(IGNORED[0])]
    if len(members) > MAX_FILES:
        raise TooLarge(f"The package has more than {MAX_FILES:,} files.")
    left = MAX_TOTAL
    seen: set[str] = set()
    for member in members:
        if member.is_dir() and not PurePosixPath(member.filename).parts:
            continue  # `./`: the folder itself, which some programs name
        path = _inside(member)
        if member.is_dir() or path.name in IGNORED:
            continue
        if str(path).lower() in seen:
            raise Problem(f"The zip file contains `{path}` twice.")
        seen.add(str(path).lower())
        with archive.open(member) as source:  # what the directory says of sizes may be a lie
            data = source.read(min(MAX_FILE, left) + 1)
        if len(data) > MAX_FILE:
            raise TooLarge(f"`{path}` is larger than {MAX_FILE:,} bytes.")
        if len(data) > left:
            raise TooLarge(f"The package is larger than {MAX_TOTAL:,} bytes.")
        left -= len(data)
        target = root / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        except OSError as error:  # a file where another member needs a folder
            raise Problem(f"`{path}` conflicts with another file in the zip file.") from error


def _inside(member: zipfile.ZipInfo) -> PurePosixPath:
    """The path of a member, which stays in the folder."""
    name = member.filename
    path = PurePosixPath(name)
    plain = name.isprintable() and "\\" not in name and ":" not in name and len(name) <= MAX_PATH
    if not plain or path.is_absolute() or ".." in path.parts or not path.parts:
        raise Problem(f"The zip file contains a path that leads outside it: {name[:MAX_PATH]!r}.")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise Problem(f"The zip file contains a link: `{name}`. Include the file itself.")
    return path


def _head(root: Path) -> Path:
    """The folder with the app.yaml: the root, or the only folder in it."""
    inner = [path for path in root.iterdir()]
    if not (root / APP_FILE).is_file() and len(inner) == 1 and inner[0].is_dir():
        return inner[0]
    return root


def packed(files: Mapping[str, str]) -> bytes:
    """A zip file of texts by their paths."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files, key=lambda path: ("/" in path, path)):
            member = zipfile.ZipInfo(path, STAMP)
            member.external_attr = 0o644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, files[path])
    return target.getvalue()
