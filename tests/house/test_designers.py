"""Every designer that is made by hand stands in the one table of them."""

import re

from tests.house.test_tree import ROOT

FOLDER = ROOT / "front" / "studio" / "designers"


def test_every_designer_is_in_the_table() -> None:
    table = (FOLDER / "index.js").read_text(encoding="utf-8")
    designers = {
        path.name
        for path in FOLDER.glob("*.js")
        if re.search(r"^export (async )?function design\b", path.read_text(encoding="utf-8"), re.M)
    }
    listed = set(re.findall(r'import\("\./([\w.]+)"\)', table))
    assert designers <= listed, f"Add to front/studio/designers/index.js: {designers - listed}"
    assert "rule.js" in designers
