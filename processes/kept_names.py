"""The names of the objects that come with the first process, from the folder `brought`."""

from __future__ import annotations

RUN = "process_run"
TASK = "process_task"
SUBSTITUTE = "process_substitute"
PROCESS = "process"  # the kind of document
KEPT = (RUN, TASK)  # whose records only processes write
