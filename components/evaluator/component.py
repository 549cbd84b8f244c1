"""Defines the Evaluator: it runs the exported model on the test split and compares each slice with the thresholds."""

from tfx import types
from tfx.components.evaluator.component import Evaluator as TfxEvaluator
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types import standard_component_specs as specs
from tfx.types.component_spec import ExecutionParameter

from components.evaluator.config import Evaluation
from components.evaluator.executor import EVALUATION_CONFIG_KEY, EXAMPLE_WEIGHT_KEY, Executor


class EvaluatorSpec(specs.EvaluatorSpec):
    """TFX's Evaluator with our typed configuration in place of the EvalConfig."""

    PARAMETERS = {
        EVALUATION_CONFIG_KEY: ExecutionParameter(type=str),
        EXAMPLE_WEIGHT_KEY: ExecutionParameter(type=str, optional=True),
    }
    INPUTS = specs.EvaluatorSpec.INPUTS
    OUTPUTS = specs.EvaluatorSpec.OUTPUTS
    TYPE_ANNOTATION = specs.EvaluatorSpec.TYPE_ANNOTATION


class Evaluator(TfxEvaluator):
    """Evaluates, and blesses a model that passes every threshold.

    Outputs: `evaluation` (ModelEvaluation: TFMA's files and `decision.json`), `blessing` (ModelBlessing).
    """

    SPEC_CLASS = EvaluatorSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        examples: types.BaseChannel,
        model: types.BaseChannel,
        evaluation: Evaluation,
        baseline_model: types.BaseChannel | None = None,
        example_weight: str = "",
    ) -> None:
        """Declares the evaluation.

        Args:
            examples: Examples with a split "test".
            model: The candidate.
            evaluation: Slices and thresholds.
            baseline_model: What the candidate is compared with, where there is something.
            example_weight: The feature with each example's weight; "" where they all count the same.
        """
        spec = EvaluatorSpec(
            examples=examples,
            model=model,
            baseline_model=baseline_model,
            evaluation=types.Channel(type=standard_artifacts.ModelEvaluation),
            blessing=types.Channel(type=standard_artifacts.ModelBlessing),
            evaluation_config=evaluation.model_dump_json(),
            example_weight=example_weight or None,
        )
        base_beam_component.BaseBeamComponent.__init__(self, spec=spec)
