"""What every test may ask for; the fixtures stand in the modules named here."""

import os
import sys

# Without compiled files each of the processes that tests start would compile all modules anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

pytest_plugins = ["tests.servers", "tests.mailbox", "tests.webhooks", "tests.browser", "tests.app"]
