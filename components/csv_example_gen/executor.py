"""Defines the executor of CsvExampleGen."""

import logging
import os
from collections import defaultdict
from typing import Any

from tfx import types
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import artifact_utils

from components.contract import CLASSIFICATION, SPLITS, Task
from components.csv_example_gen.beam_pipeline import COLUMN_SPLITS, COLUMNS, LABELS, PROGRESS, Plan, ingest
from components.csv_example_gen.column_counts import ColumnCounts, write_columns
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.files import Listing, look_for_files
from components.csv_example_gen.layout import TableLayout, find_layout
from components.csv_example_gen.schema_types import schema_types
from components.csv_example_gen.splits import TRAIN, check_enough_rows, make_rule
from components.ingest import storage
from components.ingest.column_splits import ColumnSplits, write_column_splits
from components.ingest.examples_artifact import prepare_examples
from components.ingest.label_ranges import together, with_outside
from components.ingest.outputs import check_accounted, write_quarantine
from components.ingest.record_counts import write_counts
from components.ingest.record_files import without_leftovers
from components.ingest.report import SHOWN, IngestReport, LabelRange, Quarantined, write_report
from components.ingest.results import (
    CONFLICTS,
    check_arrived,
    check_columns,
    check_compared,
    check_parts,
    check_sizes,
    read_results,
    results_of,
)
from components.run_parameters import data_settings
from components.wording import listed

TRAINING = SPLITS[TRAIN]

LOGGER = logging.getLogger(__name__)


class Executor(BaseBeamExecutor):
    """Reads rows in columnar batches, and writes them as TFRecords with a report of what became of each."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Ingests the data.

        Args:
            input_dict: Empty.
            output_dict: `examples`, the TFRecords by split; `ingest_report`, the report, the
                quarantine and the counts of columns.
            exec_properties: `data`, a `CsvData` as JSON; `schema_text`, a Schema proto as text or ""; `task`, where the
                label isn't a class.

        Raises:
            TransferlineError: The files don't make one table, or records were lost. That rows are unusable is left to
                the gate, so that the report of them outlives this step.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        data = CsvData.model_validate_json(data_settings(exec_properties))
        listing = look_for_files(data.path)
        if listing.passed_over:
            LOGGER.warning("Not read, since these aren't files of rows: %s", listed(listing.passed_over))
        task: Task = exec_properties.get("task") or CLASSIFICATION
        layout = find_layout(listing.files, data, schema_types(exec_properties["schema_text"], data.label), task)
        for name, (numbers, text) in layout.mixed.items():
            LOGGER.warning(f"The column {name} is read as text: it is of numbers in {numbers}, of text in {text}")
        plan = Plan(layout, data, make_rule(data.split, layout, data.label, data.no_inputs))
        split_folders = prepare_examples(output_dict["examples"])
        report_folder = artifact_utils.get_single_uri(output_dict["ingest_report"])
        report = self._ingest(plan, listing, split_folders, report_folder)
        check_accounted(report, data.path)
        if plan.rule.by == "rows":
            check_enough_rows(data.split, report.found, data.path)
        write_counts({split: report.written(split) for split in split_folders}, split_folders)

    def _ingest(self, plan: Plan, listing: Listing, split_folders: dict[str, str], report_folder: str) -> IngestReport:
        results_file = os.path.join(report_folder, "results.jsonl")
        PROGRESS.reset()
        with without_leftovers(split_folders.values()), self._make_beam_pipeline() as pipeline:
            ingest(pipeline, plan, split_folders, results_file)
        check_parts(results_file, len(plan.reader.parts()))
        check_sizes(results_file, split_folders)
        empty = _empty_files(plan.layout)
        report, quarantined = read_results(results_file, found=len(empty), quarantined=empty)
        written = {split: report.written(split) for split in split_folders}
        if plan.rule.may_part_copies:
            check_compared(results_file, sum(written.values()))
        check_arrived(results_file, CONFLICTS, int(bool(plan.rule.inputs)))
        trained, columns = _columns(results_file, plan), _column_splits(results_file, plan)
        check_columns({each.name: {TRAINING: each.rows} for each in trained}, written, report_folder)
        check_columns(
            {each.name: {split: each.of(split).rows for split in written} for each in columns}, written, report_folder
        )
        passed_over = {"passed_over": len(listing.passed_over), "first_passed_over": listing.passed_over[:SHOWN]}
        ranges = with_outside(_label_ranges(results_file), split_folders)
        report = report.model_copy(update=passed_over | {"label_ranges": ranges})
        write_report(report, report_folder)
        write_quarantine(quarantined, report_folder)
        write_columns(trained, report_folder)
        write_column_splits(columns, report_folder)
        storage.remove(results_file)
        return report


def _label_ranges(results_file: str) -> dict[str, LabelRange]:
    """From where to where the numbers to predict go in each split."""
    parts: defaultdict[str, list[LabelRange]] = defaultdict(list)
    for split, found in results_of(LABELS, results_file):
        parts[split].append(LabelRange.model_validate(found))
    return {split: together(ranges) for split, ranges in parts.items()}


def _columns(results_file: str, plan: Plan) -> list[ColumnCounts]:
    """What is in each column of the training split, in the order of the columns."""
    found = {each.name: each for each in map(ColumnCounts.model_validate, results_of(COLUMNS, results_file))}
    return [found.get(name, ColumnCounts(name=name, type=kind)) for name, kind in plan.record_types.items()]


def _column_splits(results_file: str, plan: Plan) -> list[ColumnSplits]:
    found = {each.name: each for each in map(ColumnSplits.model_validate, results_of(COLUMN_SPLITS, results_file))}
    return [found.get(name, ColumnSplits(name=name, type=kind)) for name, kind in plan.record_types.items()]


def _empty_files(layout: TableLayout) -> list[Quarantined]:
    return [Quarantined(place=file.name, reason=file.empty) for file in layout.files if file.empty]
