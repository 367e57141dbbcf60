"""Hypothesis for all tests: judged by what it finds, never by how long a shared machine took."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "heliograph",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("heliograph")
