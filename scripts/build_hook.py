"""Builds the front-end bundle when a wheel is built, so that an installed wheel needs no Node."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILDER = Path(__file__).with_name("assets.py")


class FrontEndHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard" and subprocess.run([sys.executable, BUILDER]).returncode != 0:
            raise RuntimeError("The front-end bundle could not be built: see the lines above.")
