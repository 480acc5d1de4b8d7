"""Packages: apps as folders of documents, each installed as a layer of its own."""

from .installing import install, install_core
from .registry import folder_of

__all__ = ["folder_of", "install", "install_core"]
