"""Rates, latencies, the machine, and verdicts against the budgets."""
