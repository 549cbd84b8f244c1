"""Defines the executor of ImageExampleGen."""

import os
from collections import defaultdict
from typing import Any

from tfx import types
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import artifact_utils

from components.image_example_gen.beam_pipeline import PROGRESS, Plan, ingest
from components.image_example_gen.config import ImageData
from components.image_example_gen.listing import list_photos
from components.image_example_gen.records import Listing
from components.image_example_gen.shards import Shard, finish_shards, without
from components.image_example_gen.splits import make_rule
from components.ingest import storage
from components.ingest.examples_artifact import prepare_examples
from components.ingest.outputs import check_accounted, check_stored, write_quarantine
from components.ingest.record_counts import write_counts
from components.ingest.report import SHOWN, IngestReport, write_report
from components.ingest.results import (
    COMPARED,
    CONFLICTS,
    SHARDS,
    TAKEN_OUT,
    check_arrived,
    check_compared,
    read_results,
    results_of,
)
from components.run_parameters import data_settings
from components.wording import printable


class Executor(BaseBeamExecutor):
    """Reads photos, checks them, and writes them as TFRecords of tf.Example with a report of what became of each."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Ingests the data.

        Args:
            input_dict: Empty.
            output_dict: `examples`, the TFRecords by split; `ingest_report`, the report and the quarantine.
            exec_properties: `data`, an `ImageData` as JSON.

        Raises:
            TransferlineError: The data can't be read as a whole, there is none, or records were lost. That no photo is
                usable is left to the gate, so that the report of them outlives this step.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        data = ImageData.model_validate_json(data_settings(exec_properties))
        listing = list_photos(data)
        split_folders = prepare_examples(output_dict["examples"])
        report_folder = artifact_utils.get_single_uri(output_dict["ingest_report"])
        rule = make_rule(data.split, listing.laid_out, data.path)
        total = listing.found - len(listing.quarantined)
        report = self._ingest(listing, Plan(data, rule, total, split_folders), report_folder)
        check_accounted(report, data.path)
        write_counts({split: report.written(split) for split in split_folders}, split_folders)

    def _ingest(self, listing: Listing, plan: Plan, report_folder: str) -> IngestReport:
        results_file = os.path.join(report_folder, "results.jsonl")
        PROGRESS.reset()
        with self._make_beam_pipeline() as pipeline:
            ingest(pipeline, listing, plan, results_file)
        shards = [Shard.model_validate(value) for value in results_of(SHARDS, results_file)]
        taken_out: defaultdict[str, set[str]] = defaultdict(set)
        for file, sha256 in results_of(TAKEN_OUT, results_file):
            taken_out[file].add(sha256)
        shards = without(shards, plan.folders, taken_out, plan.data.shard_bytes)
        finish_shards(shards, plan.folders)
        report, quarantined = read_results(results_file, found=listing.found, quarantined=listing.quarantined)
        outside = tuple(map(printable, listing.outside[:SHOWN]))
        report = report.model_copy(update={"outside": len(listing.outside), "first_outside": outside})
        stored = {split: sum(shard.records for shard in shards if shard.split == split) for split in plan.folders}
        check_stored(report, stored, plan.folders)
        # Those that were taken out again were compared, too.
        check_compared(results_file, sum(stored.values()) + len(results_of(TAKEN_OUT, results_file)))
        check_arrived(results_file, CONFLICTS, len(results_of(COMPARED, results_file)))
        write_report(report, report_folder)
        write_quarantine(quarantined, report_folder)
        storage.remove(results_file)
        return report
