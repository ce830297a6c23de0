"""`manage.py doctor`: what ails the site, why, and what to do about it."""

from config.doctor.examination import examine
from config.doctor.findings import Finding, Verdict

__all__ = ["Finding", "Verdict", "examine"]
