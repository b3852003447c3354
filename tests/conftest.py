"""What all tests share: property tests take the time that they take, on slow machines too."""

from __future__ import annotations

import os

from hypothesis import settings

# in CI the same examples each time: a failure there is one of the change
settings.register_profile("trendcore", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("trendcore")
