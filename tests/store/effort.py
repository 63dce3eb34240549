"""How hard Hypothesis tries: never by the clock, for the machine may be busy."""

from hypothesis import HealthCheck, Phase, settings

MANY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For what runs in memory."""

SOME = settings(MANY, max_examples=15)
"""For what needs a store for each example."""

SOME_UNSHRUNK = settings(SOME, phases=[Phase.explicit, Phase.reuse, Phase.generate])
"""For what needs several hosts for each example: shrinking those takes minutes."""
