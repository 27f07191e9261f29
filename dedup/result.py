"""What cleaning gives in Python."""

from dataclasses import dataclass

import pyarrow as pa

from dedup.reporting.report import Report


@dataclass(frozen=True, slots=True)
class Result:
    """Clean documents, all that was removed with its proof, and the figures; docs/output.md describes each table."""

    documents: pa.Table
    removed: pa.Table
    overlaps: pa.Table
    rejected: pa.Table
    emptied: pa.Table
    report: Report

    @property
    def texts(self) -> list[str]:
        """The clean texts, in reading order, without those of which nothing is left."""
        texts: list[str] = self.documents["text"].to_pylist()
        return texts

    @property
    def tables(self) -> dict[str, pa.Table]:
        """The five tables by name."""
        return {
            "documents": self.documents,
            "removed": self.removed,
            "overlaps": self.overlaps,
            "rejected": self.rejected,
            "emptied": self.emptied,
        }

    def __repr__(self) -> str:
        """Say what is in it, in a line."""
        report = self.report
        return (
            f"Result({report.n_kept:,} of {report.n_documents:,} documents, "
            f"{report.n_removed:,} spans removed, {100 * report.share_removed:.1f} % of characters)"
        )
