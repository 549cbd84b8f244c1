"""What Flink makes of a Beam pipeline: the results that the tasks of a batch job hand to each other.

Beam's translator for batch, FlinkBatchPortablePipelineTranslator, makes a task of every fused stage, one more for each
of its results, two of every GroupByKey and one of a Flatten; Flink has a result for each of their readers. Which tasks
Flink chains is left out, so there are as many results as here or fewer. Of the jobs of higgs_toy, Flink 1.20.3's own
optimizer made 88 results for an ingestion (117 here), 8 for StatisticsGen (14), 70 for Transform (83) and 8 for the
Evaluator (13).
"""

from collections import Counter
from dataclasses import dataclass

from apache_beam.portability import common_urns
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.portability.fn_api_runner import translations
from apache_beam.runners.worker import bundle_processor

NATIVE = frozenset({common_urns.primitives.FLATTEN.urn, common_urns.primitives.GROUP_BY_KEY.urn})
PHASES = (
    translations.annotate_downstream_side_inputs,
    translations.annotate_stateful_dofns_as_roots,
    translations.fix_side_input_pcoll_coders,
    translations.lift_combiners,
    translations.expand_sdf,
    translations.expand_gbk,
    translations.sink_flattens,
    translations.greedily_fuse,
    translations.read_to_impulse,
    translations.impulse_to_input,
    translations.sort_stages,
)
GROUPED = b"group:"


@dataclass(frozen=True)
class Stage:
    """A fused stage.

    Attributes:
        name: Of one of its transforms.
        read: Names of what it reads, element by element.
        written: Names of what it hands on; `GROUPED` before those that are grouped on the way.
        sides: Names of what it reads whole, as side inputs.
    """

    name: str
    read: tuple[bytes, ...]
    written: tuple[bytes, ...]
    sides: tuple[bytes, ...]


def stages_of(pipeline):
    """The fused stages of a pipeline, in an order in which they can run."""
    copy = beam_runner_api_pb2.Pipeline.FromString(pipeline.SerializeToString())  # which Beam changes on the way
    _, fused = translations.create_and_optimize_stages(copy, PHASES, NATIVE)
    return [
        Stage(
            max((each.unique_name for each in stage.transforms if _is_own(each)), default=stage.name),
            _buffers(stage, bundle_processor.DATA_INPUT_URN),
            _buffers(stage, bundle_processor.DATA_OUTPUT_URN),
            tuple(translations.create_buffer_id(side) for side in sorted(set(stage.side_inputs()))),
        )
        for stage in fused
    ]


def _is_own(transform):
    return transform.spec.urn not in (bundle_processor.DATA_INPUT_URN, bundle_processor.DATA_OUTPUT_URN)


def _buffers(stage, urn):
    return tuple(each.spec.payload for each in stage.transforms if each.spec.urn == urn)


def most_results_of_a_stage(stages):
    """The results that one stage hands on at once; where they meet again later, Flink keeps each whole."""
    return max(len(stage.written) for stage in stages)


def results(stages):
    """The results of all tasks of a job."""
    writers = Counter(each for stage in stages for each in stage.written)
    count = 0
    for stage in stages:
        count += len(stage.read) + (len(stage.read) > 1)  # through a union, if there are several
        count += len(stage.sides)
        count += len(stage.written) or 1  # each is taken out of what the stage makes; else it ends in a sink
    for name, writing in writers.items():
        count += writing if writing > 1 else 0
        count += 2 if name.startswith(GROUPED) else 0
    return count


def plan(stages):
    """A job in lines that `BatchJob.java` reads, each with its operation, what it takes and what it gives."""
    outputs = {}
    for number, stage in enumerate(stages):
        for place, name in enumerate(stage.written):
            outputs.setdefault(name, []).append(f"output_{number}_{place}")
    lines, readable = [], {}

    def read(name):
        if name not in outputs:  # an impulse, one for each reader
            lines.append(f"impulse - impulse_{len(lines)}")
            return f"impulse_{len(lines) - 1}"
        if name not in readable:
            readable[name] = _joined(lines, outputs[name])
            if name.startswith(GROUPED):
                lines.append(f"group {readable[name]} group_{len(lines)}")
                readable[name] = f"group_{len(lines) - 1}"
        return readable[name]

    for number, stage in enumerate(stages):
        main = _joined(lines, [read(name) for name in stage.read])
        sides = ",".join(map(read, stage.sides)) or "-"
        given = ",".join(f"output_{number}_{place}" for place in range(len(stage.written))) or "-"
        lines.append(f"stage {main} {given} {sides}")
    return lines


def _joined(lines, names):
    if len(names) == 1:
        return names[0]
    lines.append(f"flatten {','.join(names)} flatten_{len(lines)}")
    return f"flatten_{len(lines) - 1}"
