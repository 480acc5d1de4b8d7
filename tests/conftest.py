"""What every test may ask for; the fixtures stand in the modules named here."""

pytest_plugins = ["tests.servers", "tests.mailbox", "tests.webhooks", "tests.browser", "tests.app"]
