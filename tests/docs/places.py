"""Where the documentation is."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
METRICS_PAGE = ROOT / "docs" / "metrics.md"
SCORING_PAGE = ROOT / "docs" / "scoring.md"
RANKING_PAGE = ROOT / "docs" / "ranking.md"
CLIENT_PAGE = ROOT / "docs" / "client.md"
