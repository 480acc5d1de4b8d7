"""The kinds of action of this folder, in the order in which designers offer them."""

from __future__ import annotations

from .assigning import ASSIGN
from .call_action import CALL
from .making_actions import CREATE
from .record_actions import DELETE, UPDATE
from .restoring import RESTORE
from .saving_actions import REFUSE, SET
from .telling_actions import NOTIFY, WEBHOOK
from .wait_action import STOP, WAIT

BUILT_IN = (CREATE, SET, REFUSE, NOTIFY, WEBHOOK, UPDATE, DELETE, RESTORE, ASSIGN, CALL, WAIT, STOP)
